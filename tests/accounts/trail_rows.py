"""Events of other days, written as they would have been then: the trail itself refuses to be changed afterwards."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from accounts.models import Action, AuditEvent, User


def event_of(user: User, at: datetime, action: Action = Action.VIEW, **fields: Any) -> AuditEvent:
    """One event of this person at this moment."""
    values = {
        "actor": user.email,
        "actor_id_text": str(user.public_id),
        "role": user.role,
        "institution": user.institution.name,
        "institution_id_text": str(user.institution.public_id),
        "object_type": "case",
        "purpose": "treatment",
        "ip": "192.0.2.1",
        "request_id": uuid4().hex,
    }
    return AuditEvent.objects.create(at=at, action=action, **(values | fields))


def pseudonym() -> str:
    """A patient nobody else is."""
    return str(uuid4())
