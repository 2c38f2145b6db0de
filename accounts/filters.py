"""How the audit trail can be narrowed: who, what, whom, when, from where."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_ipv46_address
from django.db.models import Q, QuerySet

from accounts.models import Action, AuditEvent, Institution, Outcome, Role, UnusualAccess, User
from accounts.review import patients

MOST_PEOPLE = 200
PURPOSES = (
    ("treatment", "Treatment"),
    ("emergency", "Emergency access"),
    ("audit", "Audit"),
    ("administration", "Administration"),
    ("quality", "Quality of the models"),
    ("research", "Research"),
    ("retention", "Keeping the trail"),
    ("installation", "Installation"),
    ("none", "None: no patient’s data"),
)


def midnight(day: date) -> datetime:
    """When the day begins, in UTC."""
    return datetime.combine(day, time(), tzinfo=UTC)


def _one_address(value: str) -> None:
    try:
        validate_ipv46_address(value)
    except ValidationError:
        raise ValidationError("Enter one whole IP address, for example 192.0.2.7.") from None


class AuditEventFilter(django_filters.FilterSet):
    """Each field uses an index of the trail, or narrows what another one found."""

    actor = django_filters.CharFilter(method="filter_actor", label="Who: name or e-mail", max_length=254)
    action = django_filters.ChoiceFilter(choices=Action.choices, label="What was done", empty_label="Anything")
    patient = django_filters.CharFilter(method="filter_patient", label="Patient’s pseudonym", max_length=64)
    since = django_filters.DateFilter(
        method="filter_since", label="From", widget=forms.DateInput(attrs={"type": "date"})
    )
    until = django_filters.DateFilter(method="filter_until", label="To", widget=forms.DateInput(attrs={"type": "date"}))
    outcome = django_filters.ChoiceFilter(choices=Outcome.choices, label="Outcome", empty_label="Any")
    role = django_filters.ChoiceFilter(choices=Role.choices, label="Role", empty_label="Any")
    purpose = django_filters.ChoiceFilter(method="filter_purpose", choices=PURPOSES, label="Purpose", empty_label="Any")
    ip = django_filters.CharFilter(label="From where: IP address", validators=[_one_address])
    object_id = django_filters.CharFilter(field_name="object_id_text", label="Object’s ID", max_length=64)
    request_id = django_filters.CharFilter(label="Request or job", max_length=64)
    finding = django_filters.UUIDFilter(method="filter_finding", widget=forms.HiddenInput)

    class Meta:
        model = AuditEvent
        fields = ()

    def filter_actor(self, rows: QuerySet[AuditEvent], name: str, value: str) -> QuerySet[AuditEvent]:
        """People whose name or address holds the text; one whose account is gone is found by the address."""
        people = User.objects.filter(Q(email__icontains=value) | Q(full_name__icontains=value))
        ids = [str(found) for found in people.values_list("public_id", flat=True)[:MOST_PEOPLE]]
        return rows.filter(actor_id_text__in=ids) if ids else rows.filter(actor__icontains=value)

    def filter_patient(self, rows: QuerySet[AuditEvent], name: str, value: str) -> QuerySet[AuditEvent]:
        """Under each pseudonym that the patient has had."""
        return rows.filter(patient_pseudonym__in=self._pseudonyms(rows, value.strip().lower()))

    def filter_since(self, rows: QuerySet[AuditEvent], name: str, value: date) -> QuerySet[AuditEvent]:
        """From the beginning of the day."""
        return rows.filter(at__gte=midnight(value))

    def filter_until(self, rows: QuerySet[AuditEvent], name: str, value: date) -> QuerySet[AuditEvent]:
        """To the end of the day."""
        return rows.filter(at__lt=midnight(value) + timedelta(days=1))

    def filter_purpose(self, rows: QuerySet[AuditEvent], name: str, value: str) -> QuerySet[AuditEvent]:
        """One purpose, or none."""
        return rows.filter(purpose="" if value == "none" else value)

    def filter_finding(self, rows: QuerySet[AuditEvent], name: str, value: Any) -> QuerySet[AuditEvent]:
        """The events that show an unusual access."""
        finding = UnusualAccess.objects.filter(public_id=value).first()
        return rows.filter(public_id__in=finding.events if finding else [])

    def asked(self) -> dict[str, str]:
        """What was asked for, by field: what an export's or a search's own event tells."""
        self.form.is_valid()
        return {name: str(value) for name, value in self.form.cleaned_data.items() if value not in (None, "")}

    def _pseudonyms(self, rows: QuerySet[AuditEvent], value: str) -> Iterable[str]:
        # The institution is the reader's, whose events `rows` are.
        institution = Institution.objects.filter(users=getattr(self.request, "user", None)).first()
        return sorted(patients.aliases(institution, value)) if institution else [value]
