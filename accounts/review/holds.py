"""Legal holds as people place them: a patient under every pseudonym, a person by the e-mail address, whole days."""

from datetime import date, timedelta

from django.db import transaction

from accounts.audit.retention import place_hold
from accounts.filters import midnight
from accounts.models import Institution, LegalHold, User
from accounts.review import patients


def person_named(institution: Institution, email: str) -> str | None:
    """The public ID of the person with this address, nothing for no address, None when nobody has it."""
    if not email:
        return ""
    user = User.objects.filter(institution=institution, email__iexact=email).first()
    return str(user.public_id) if user else None


@transaction.atomic
def hold_in_full(
    *, user: User, reason: str, patient: str = "", person_id_text: str = "", since: date | None, until: date | None
) -> list[LegalHold]:
    """A hold for each pseudonym that the patient has in the trail, or one where no patient is named.

    Raises:
        ValidationError: there is no reason, or the period ends before it begins.
    """
    names = sorted(patients.aliases(user.institution, patient)) if patient else [""]
    ends = midnight(until) + timedelta(days=1) - timedelta(microseconds=1) if until else None
    return [
        place_hold(
            user=user,
            reason=reason,
            patient_pseudonym=name,
            person_id_text=person_id_text,
            period_from=midnight(since) if since else None,
            period_until=ends,
        )
        for name in names
    ]
