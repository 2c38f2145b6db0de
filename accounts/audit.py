"""Writing the audit trail.

`record` is called inside the transaction that does, or shows, the thing recorded: either both hold or neither.
Who acts, from where and in which request stands in a context that the web middleware or the worker sets.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, transaction

from accounts.errors import AuditUnavailable
from accounts.models import Action, AuditEvent, Outcome, User


@dataclass(frozen=True)
class AuditContext:
    """Who acts, as text; `request_id` names the request or the job."""

    actor: str = "anonymous"
    actor_id: str = ""
    role: str = ""
    institution: str = ""
    institution_id: str = ""
    ip: str | None = None
    request_id: str = ""


_SYSTEM = AuditContext(actor="system")
_current: ContextVar[AuditContext] = ContextVar("audit_context", default=_SYSTEM)


def context_for(user: User | None, *, ip: str | None = None, request_id: str = "") -> AuditContext:
    """The context of a signed-in user, or of nobody."""
    if user is None:
        return AuditContext(ip=ip, request_id=request_id)
    return AuditContext(
        actor=user.email,
        actor_id=str(user.public_id),
        role=user.role,
        institution=user.institution.name,
        institution_id=str(user.institution.public_id),
        ip=ip,
        request_id=request_id,
    )


@contextmanager
def acting(context: AuditContext) -> Iterator[None]:
    """Everything recorded inside is recorded as done by `context`."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)


def record(
    action: Action,
    *,
    object_type: str = "",
    object_id: object = "",
    patient_pseudonym: str = "",
    outcome: Outcome = Outcome.SUCCESS,
    purpose: str = "treatment",
    detail: dict[str, Any] | None = None,
) -> None:
    """Appends one event to the trail.

    Raises:
        AuditUnavailable: the event could not be written; the caller must show and change nothing.
    """
    _append(
        [
            _event(
                action,
                object_type=object_type,
                object_id_text=str(object_id),
                patient_pseudonym=patient_pseudonym,
                outcome=outcome,
                purpose=purpose,
                detail=detail or {},
            )
        ]
    )


def record_each(action: Action, *, object_type: str, pseudonyms: Iterable[object], purpose: str = "treatment") -> None:
    """Appends one event for each patient's object, the object's public ID being the patient's pseudonym.

    Raises:
        AuditUnavailable: the events could not be written; the caller must show and change nothing.
    """
    _append(
        [
            _event(
                action,
                object_type=object_type,
                object_id_text=str(pseudonym),
                patient_pseudonym=str(pseudonym),
                purpose=purpose,
            )
            for pseudonym in pseudonyms
        ]
    )


def _event(action: Action, **fields: Any) -> AuditEvent:
    context = _current.get()
    return AuditEvent(
        actor=context.actor,
        actor_id_text=context.actor_id,
        role=context.role,
        institution=context.institution,
        institution_id_text=context.institution_id,
        ip=context.ip,
        request_id=context.request_id,
        action=action,
        **fields,
    )


def _append(events: list[AuditEvent]) -> None:
    try:
        with transaction.atomic():
            AuditEvent.objects.bulk_create(events)
    except DatabaseError as error:
        raise AuditUnavailable(
            "The audit trail cannot be written at the moment, so nothing was shown or changed. Try again in a minute."
        ) from error
