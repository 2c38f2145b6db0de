"""What the chain of seals says about one event."""

from dataclasses import dataclass

from accounts.models import AuditDigest, AuditEvent, Seal

SOURCE = "event"


@dataclass(frozen=True)
class Sealed:
    """An event's seal, and the signed digest outside the database that covers it, if there is one already."""

    seal: Seal
    digest: AuditDigest | None


def seal_of(event: AuditEvent) -> Sealed | None:
    """The event's seal; None while it waits for one, which takes seconds."""
    seal = Seal.objects.filter(source=SOURCE, row_id=event.pk).first()
    if seal is None:
        return None
    digest = AuditDigest.objects.filter(first_seq__lte=seal.seq, last_seq__gte=seal.seq).order_by("number").first()
    return Sealed(seal, digest)
