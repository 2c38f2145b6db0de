"""Appending to the trail, inside the transaction that does, or shows, the thing recorded."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import DatabaseError

from accounts.audit.appending import append
from accounts.audit.cleaning import clean, clean_detail
from accounts.audit.context import current
from accounts.audit.emergencies import mark_emergencies
from accounts.errors import AuditUnavailable
from accounts.models import Action, AuditEvent, Outcome

UNAVAILABLE = "The audit trail cannot be written at the moment, so nothing was shown or changed. Try again in a minute."

_LENGTHS = {field.name: field.max_length for field in AuditEvent._meta.concrete_fields}  # noqa: SLF001 Django documents it
_denials: ContextVar[list[AuditEvent] | None] = ContextVar("audit_denials", default=None)


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

    Control characters become visible and what is too long is cut, so that no text forges a row; of `detail`, whatever
    is named like a password, token or picture is left out.

    Raises:
        ValueError: `action` is no `Action`.
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


def record_each(
    action: Action, *, object_type: str, subjects: Iterable[tuple[object, object]], purpose: str = "treatment"
) -> None:
    """Appends one event for each pair of an object's public ID and its patient's pseudonym.

    Raises:
        ValueError: `action` is no `Action`.
        AuditUnavailable: the events could not be written; the caller must show and change nothing.
    """
    _append(
        [
            _event(
                action,
                object_type=object_type,
                object_id_text=str(object_id),
                patient_pseudonym=str(pseudonym),
                purpose=purpose,
                detail={},
            )
            for object_id, pseudonym in subjects
        ]
    )


@contextmanager
def noting_denials() -> Iterator[list[AuditEvent]]:
    """Collects the denials that are recorded inside, so that what surrounds a request writes none twice."""
    noted: list[AuditEvent] = []
    token = _denials.set(noted)
    try:
        yield noted
    finally:
        _denials.reset(token)


def _event(action: Action, **fields: Any) -> AuditEvent:
    context = current()
    detail = clean_detail(fields.pop("detail"))
    texts = {
        "actor": context.actor,
        "actor_id_text": context.actor_id,
        "role": context.role,
        "institution": context.institution,
        "institution_id_text": context.institution_id,
        "request_id": context.request_id,
        **fields,
    }
    fitting = {name: _fitting(name, text) for name, text in texts.items()}
    return AuditEvent(ip=context.ip, action=Action(action), detail=detail, **fitting)


def _fitting(name: str, text: str) -> str:
    """The text without control characters, as long as its column."""
    return clean(str(text))[: _LENGTHS[name]]


def _append(events: list[AuditEvent]) -> None:
    try:
        mark_emergencies(events)
        append(events)
    except DatabaseError as error:
        raise AuditUnavailable(UNAVAILABLE) from error
    noted = _denials.get()
    if noted is not None:
        noted.extend(event for event in events if event.action in {Action.DENIED, Action.SIGN_IN_FAILED})
