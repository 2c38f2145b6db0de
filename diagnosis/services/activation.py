"""Which model answers at an institution is decided by two people: a clinician and an administrator.

Either of them proposes, the other one decides. The clinician knows what the answers are used for, the administrator
answers for what runs; and a hospital with one of each can still change its model.
"""

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import audit
from accounts.errors import Conflict, DomainError
from accounts.models import Action, Role, User
from diagnosis.models import InstalledModel, ModelActivation, Rehearsal
from diagnosis.services.image_routing import queue_unread
from diagnosis.services.models import is_intact, model_in_force
from jobs.models import JobStatus

OTHER_ROLE = {Role.CLINICIAN: Role.ADMIN, Role.ADMIN: Role.CLINICIAN}
IN_WORDS = {Role.CLINICIAN: "a clinician", Role.ADMIN: "an administrator"}
Decision = ModelActivation.Decision


class NotForYou(DomainError):
    """Somebody else has to decide this."""

    status = 403
    code = "needs_the_other_person"


def propose_activation(*, user: User, model: InstalledModel, reason: str) -> ModelActivation:
    """Proposes that the model answers at the person's institution; nothing changes until somebody else approves.

    Raises:
        PermissionDenied: the person is neither clinician nor administrator.
        Conflict: the model answers here already, or another proposal for its modality waits.
        DomainError: no reason is given, or the model's kept file is damaged.
    """
    if user.role not in OTHER_ROLE:
        raise PermissionDenied
    reason = _said(reason, "Say why this model should answer here.", code="reason_required")
    current = model_in_force(model.modality, user.institution)
    if current == model:
        raise Conflict(f"{model} already answers for {model.modality} here.", code="model_answers_already")
    _check_files(model)
    activation = ModelActivation(
        institution=user.institution,
        model=model,
        modality=model.modality,
        reason=reason,
        rehearsal=newest_finished_rehearsal(user, model),
        proposed_by=user,
    )
    activation.full_clean(exclude={"decided_by", "decided_at"}, validate_constraints=False)
    try:
        with transaction.atomic():
            activation.save()
            _record(Action.PROPOSE_MODEL, activation, current)
    except IntegrityError as error:
        raise Conflict(
            f"Another proposal for {model.modality} waits for its decision. Decide or withdraw that one first.",
            code="proposal_waits_already",
        ) from error
    return activation


def approve_activation(*, user: User, activation: ModelActivation, note: str) -> ModelActivation:
    """Has the model answer from the next job on. Answers that were given before stay as they are.

    Where no model read the modality before, the images that wait unread are queued, in the clinician's name.

    What the proposal rested on is checked again: the model is installed and unharmed, reads what it was proposed for,
    and the person who proposed it still works here in the other role.

    Raises:
        NotForYou: the person may not decide this proposal.
        Conflict: it is decided already, or no longer possible.
        DomainError: no note is given, or the model's kept file is damaged.
    """
    note = _said(note, "Say in a note what your decision rests on.", code="note_required")
    _check_decider(user, activation)
    model = activation.model
    if model.modality != activation.modality:
        raise Conflict(f"{model} does not read {activation.modality}. Reject this proposal.", code="other_modality")
    current = model_in_force(activation.modality, activation.institution)
    if current == model:
        raise Conflict(f"{model} already answers here. Reject this proposal.", code="model_answers_already")
    _check_files(model)
    activation.rehearsal = newest_finished_rehearsal(user, model)
    with transaction.atomic():
        _settle(activation, Decision.APPROVED, user=user, note=note, current=current)
        if current is None:
            clinician = user if user.role == Role.CLINICIAN else activation.proposed_by
            queue_unread(institution=activation.institution, modality=activation.modality, user=clinician)
    return activation


def reject_activation(*, user: User, activation: ModelActivation, note: str) -> ModelActivation:
    """Leaves everything as it is; the model may be proposed again.

    Raises:
        NotForYou: the person may not decide this proposal.
        Conflict: it is decided already.
        DomainError: no note is given.
    """
    note = _said(note, "Say in a note what your decision rests on.", code="note_required")
    if not may_reject(user, activation):
        raise NotForYou(who_decides(activation))
    current = model_in_force(activation.modality, activation.institution)
    return _settle(activation, Decision.REJECTED, user=user, note=note, current=current)


def withdraw_activation(*, user: User, activation: ModelActivation, note: str = "") -> ModelActivation:
    """Takes the person's own proposal back.

    Raises:
        NotForYou: somebody else proposed it.
        Conflict: it is decided already.
    """
    if user != activation.proposed_by:
        raise NotForYou("Only the person who made a proposal can withdraw it.", code="not_your_proposal")
    current = model_in_force(activation.modality, activation.institution)
    return _settle(activation, Decision.WITHDRAWN, user=user, note=note.strip(), current=current)


def may_approve(user: User, activation: ModelActivation) -> bool:
    """Whether this person is the second one: of the same institution, in the other role than who proposed it."""
    proposer = activation.proposed_by
    return (
        may_reject(user, activation)
        and proposer.is_active
        and proposer.institution_id == activation.institution_id
        and OTHER_ROLE.get(Role(user.role)) == proposer.role
    )


def may_reject(user: User, activation: ModelActivation) -> bool:
    """Whether this person may turn it down.

    A proposal whose author has left, or changed to another role, can be turned down by any clinician or administrator,
    so that it does not stand in the way of the next.
    """
    proposer = activation.proposed_by
    if user == proposer or user.institution_id != activation.institution_id or user.role not in OTHER_ROLE:
        return False
    stands = proposer.is_active and proposer.institution_id == activation.institution_id
    return not stands or proposer.role not in OTHER_ROLE or OTHER_ROLE[Role(user.role)] == proposer.role


def who_decides(activation: ModelActivation) -> str:
    """Whose decision a proposal waits for, in a sentence."""
    role = OTHER_ROLE.get(Role(activation.proposed_by.role))
    decider = IN_WORDS[role] if role else "a clinician or an administrator"
    return f"A change of model takes two people: {decider} of {activation.institution} decides on this proposal."


def newest_finished_rehearsal(user: User, model: InstalledModel) -> Rehearsal | None:
    """The institution's newest rehearsal of the model that ran to its end."""
    finished = Rehearsal.objects.visible_to(user).filter(candidate=model, job__status=JobStatus.SUCCEEDED)
    return finished.select_related("job", "current", "candidate").first()


def _check_decider(user: User, activation: ModelActivation) -> None:
    if may_approve(user, activation):
        return
    if may_reject(user, activation):
        raise Conflict(
            "The person who proposed it no longer works here in that role. Reject this proposal and have the model "
            "proposed again.",
            code="proposer_gone",
        )
    raise NotForYou(who_decides(activation))


def _check_files(model: InstalledModel) -> None:
    if not is_intact(model.weights_sha256):
        raise DomainError(
            f"The kept file of {model} is missing or damaged: its SHA-256 is not the one that it was installed with. "
            "Have the operator install it again (manage.py install_models).",
            code="model_damaged",
        )


def _said(text: str, otherwise: str, *, code: str) -> str:
    if not text.strip():
        raise DomainError(otherwise, code=code)
    return text.strip()


@transaction.atomic
def _settle(
    activation: ModelActivation, decision: Decision, *, user: User, note: str, current: InstalledModel | None
) -> ModelActivation:
    activation.decision = decision
    activation.decided_by = user
    activation.decided_at = timezone.now()
    activation.decision_note = note
    activation.full_clean()
    changed = ModelActivation.objects.filter(pk=activation.pk, decision=Decision.PENDING).update(
        decision=decision,
        decided_by=user,
        decided_at=activation.decided_at,
        decision_note=note,
        rehearsal=activation.rehearsal,
    )
    if not changed:
        activation.refresh_from_db()
        raise Conflict(
            f"This proposal is settled already: {activation.get_decision_display().lower()}.", code="decided_already"
        )
    _record(Action.DECIDE_MODEL, activation, current)
    return activation


def _record(action: Action, activation: ModelActivation, current: InstalledModel | None) -> None:
    audit.record(
        action,
        object_type="activation",
        object_id=activation.public_id,
        purpose="",
        detail={
            "decision": str(activation.decision),
            "modality": activation.modality,
            "model": activation.model.weights_sha256,
            "model_in_force": current.weights_sha256 if current else "",
            "rehearsal": str(activation.rehearsal.public_id) if activation.rehearsal else "",
        },
    )
