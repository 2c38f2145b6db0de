"""How restricted records are found for an emergency access, and opened under one."""

from django.urls import reverse

from accounts.models import User
from accounts.people.restricted_records import Holder, RestrictedRecord, register
from diagnosis.models import Case, Restriction, Study


def hidden_with_number(user: User, number: str) -> list[RestrictedRecord]:
    """Imaging patients by their hospital's patient ID, FNA cases by their sample number; capitals do not matter."""
    hidden = Restriction.objects.hidden_from(user)
    patients = hidden.filter(patient__patient_id__iexact=number)
    cases = hidden.filter(case__reference__iexact=number)
    return [
        *(RestrictedRecord(restriction.pseudonym, "imaging patient") for restriction in patients),
        *(RestrictedRecord(restriction.pseudonym, "FNA case") for restriction in cases),
    ]


def page_of(user: User, pseudonym: str) -> str:
    """The patient's newest study, or the case."""
    study = Study.objects.visible_to(user).filter(patient__public_id=pseudonym).order_by("-date", "-pk").first()
    if study is not None:
        return reverse("study-detail", args=[study.public_id])
    if Case.objects.visible_to(user).filter(public_id=pseudonym).exists():
        return reverse("case-detail", args=[pseudonym])
    return ""


register(Holder(hidden_with_number=hidden_with_number, page_of=page_of))
