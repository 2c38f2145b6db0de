"""An institution's choice about what comes in."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts import audit
from accounts.models import Action, Role, User
from diagnosis.models import IntakePolicy


@transaction.atomic
def set_deidentification(*, user: User, remove: bool) -> IntakePolicy:
    """Has identities removed from what comes in from now on, or kept. What is stored already stays as it is.

    Raises:
        PermissionDenied: the person is no administrator.
        AuditUnavailable: nothing was changed.
    """
    if user.role != Role.ADMIN:
        raise PermissionDenied
    policy, _ = IntakePolicy.objects.select_for_update().get_or_create(institution=user.institution)
    before = policy.deidentify
    policy.deidentify, policy.changed_by = remove, user
    policy.save()
    audit.record(
        Action.CHANGE_SETTINGS,
        object_type="intake-policy",
        object_id=user.institution.public_id,
        purpose="administration",
        detail={"deidentify": {"before": before, "after": remove}},
    )
    return policy
