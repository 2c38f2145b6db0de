"""Asking for an upgrade rehearsal: what would a candidate have answered to the institution's past cases?"""

import uuid

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts import audit
from accounts.errors import Conflict, DomainError
from accounts.models import Action, Role, User
from diagnosis.models import InstalledModel, Rehearsal
from diagnosis.rehearsal import UPGRADE_REHEARSAL, past_answers
from diagnosis.services.models import model_in_force
from jobs import services as jobs
from jobs.models import ACTIVE


@transaction.atomic
def start_rehearsal(*, user: User, candidate: InstalledModel) -> Rehearsal:
    """Queues a rehearsal over the newest answers of the person's institution. It changes no answer.

    Raises:
        PermissionDenied: the person is neither clinician nor administrator.
        Conflict: a rehearsal of this model is waiting or running here.
        DomainError: there is no past answer to compare with.
    """
    if user.role not in {Role.CLINICIAN, Role.ADMIN}:
        raise PermissionDenied
    if Rehearsal.objects.visible_to(user).filter(candidate=candidate, job__status__in=ACTIVE).exists():
        raise Conflict("A rehearsal of this model is already waiting or running.", code="rehearsal_active")
    rehearsal = Rehearsal(
        public_id=uuid.uuid4(),
        institution=user.institution,
        candidate=candidate,
        current=model_in_force(candidate.modality, user.institution),
        requested_by=user,
    )
    total = past_answers(rehearsal).count()
    if not total:
        raise DomainError(
            f"No other model has answered anything for {candidate.modality} here yet: there is nothing to compare.",
            code="nothing_to_rehearse",
        )
    rehearsal.job = jobs.enqueue(
        kind=UPGRADE_REHEARSAL,
        subject_id=str(rehearsal.public_id),
        requested_by=user,
        institution=user.institution,
        total=total,
    )
    rehearsal.full_clean(exclude={"current"})
    rehearsal.save()
    audit.record(
        Action.REHEARSE,
        object_type="rehearsal",
        object_id=rehearsal.public_id,
        purpose="",
        detail={"candidate": candidate.weights_sha256, "answers": total},
    )
    return rehearsal
