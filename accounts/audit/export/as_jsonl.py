"""Events as JSON lines: one object a line, whatever its values hold."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from accounts.models import AuditEvent


def json_lines(events: Iterable[AuditEvent]) -> Iterator[str]:
    """A line for each event. What is not ASCII is escaped, line ends of every alphabet included."""
    return (json.dumps(as_json(event)) + "\n" for event in events)


def as_json(event: AuditEvent) -> dict[str, Any]:
    """The event by its columns' names."""
    return {
        "event": str(event.public_id),
        "at": event.at.isoformat(),
        "actor": event.actor,
        "actor_id": event.actor_id_text,
        "role": event.role,
        "institution": event.institution,
        "institution_id": event.institution_id_text,
        "action": event.action,
        "outcome": event.outcome,
        "object_type": event.object_type,
        "object_id": event.object_id_text,
        "patient_pseudonym": event.patient_pseudonym,
        "purpose": event.purpose,
        "ip": event.ip,
        "request_id": event.request_id,
        "detail": event.detail,
    }
