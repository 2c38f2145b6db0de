"""What a person does under emergency access says so in the trail (ACC-19)."""

from collections.abc import Sequence

from accounts.models import AuditEvent, EmergencyAccess, Role

PURPOSE = "emergency"
TREATMENT = "treatment"


def mark_emergencies(events: Sequence[AuditEvent]) -> None:
    """Gives the events of one person the purpose "emergency", and the public ID of the access in `emergency_access`.

    Marked is what touches the opened record, and what touches many patients at once, as lists and exports do, since the
    record is among them. What touches another patient is marked no more than what touches none.
    """
    clinical = [event for event in events if event.patient_pseudonym or event.purpose == TREATMENT]
    if not clinical or clinical[0].role != Role.CLINICIAN:
        return
    running = EmergencyAccess.objects.running().filter(user__public_id=clinical[0].actor_id_text)
    opened = {access.patient_pseudonym: str(access.public_id) for access in running}
    if not opened:
        return
    for event in clinical:
        if not event.patient_pseudonym or event.patient_pseudonym in opened:
            event.purpose = PURPOSE
            named = opened.get(event.patient_pseudonym) or next(iter(opened.values()))
            event.detail = {"emergency_access": named, **event.detail}
