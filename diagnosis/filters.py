"""How the worklist can be narrowed and sorted."""

from typing import Any

import django_filters
from django import forms
from django.db.models import F, Q, QuerySet

from diagnosis.models import Case, Prediction

WAITING = "waiting"
NOT_READ = "not-read"
ORDERINGS = {
    "newest": (F("created_at").desc(), F("pk").desc()),
    "oldest": (F("created_at").asc(), F("pk").asc()),
    "most-malignant": (F("answer__probability").desc(nulls_last=True), F("pk").asc()),
    "least-malignant": (F("answer__probability").asc(nulls_last=True), F("pk").asc()),
    "least-certain": (
        F("answer__status").desc(nulls_last=True),
        F("answer__probability").desc(nulls_last=True),
    ),
    "reference": (F("reference").asc(), F("pk").asc()),
}
ORDERING_LABELS = [
    ("newest", "Newest first"),
    ("oldest", "Oldest first"),
    ("most-malignant", "Highest probability of malignancy first"),
    ("least-malignant", "Lowest probability of malignancy first"),
    ("least-certain", "Uncertain and refused first"),
    ("reference", "Sample or patient number"),
]


def asked_for(filters: django_filters.FilterSet) -> dict[str, Any]:
    """What a list was narrowed by, for the audit trail: fields that it knows, with values that they take.

    Free text may name a patient, so only that there was some is told.
    """
    form = filters.form
    form.is_valid()
    asked = {name: value for name, value in form.cleaned_data.items() if value not in (None, "")}
    texts = {name for name, one in filters.filters.items() if type(one) is django_filters.CharFilter}
    return {name: True if name in texts else str(value) for name, value in asked.items()}


class CaseFilter(django_filters.FilterSet):
    """By answer, kind, day, batch; sorted by age, probability or sample number."""

    status = django_filters.ChoiceFilter(
        label="Answer",
        method="filter_status",
        empty_label="Any",
        choices=[
            (Prediction.Finding.MALIGNANT, "Malignant"),
            (Prediction.Finding.BENIGN, "Benign"),
            (Prediction.Status.UNCERTAIN, "Uncertain"),
            (Prediction.Status.REFUSED, "Refused"),
            (WAITING, "Waiting"),
            (NOT_READ, "Not read: no model"),
        ],
    )
    kind = django_filters.ChoiceFilter(label="Kind", choices=Case.Kind.choices, empty_label="Any")
    since = django_filters.DateFilter(
        field_name="created_at",
        lookup_expr="date__gte",
        label="Arrived from",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    until = django_filters.DateFilter(
        field_name="created_at",
        lookup_expr="date__lte",
        label="Arrived to",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    batch = django_filters.UUIDFilter(field_name="fna_sample__batch__public_id", widget=forms.HiddenInput)
    job = django_filters.UUIDFilter(field_name="fna_sample__batch__job__public_id", widget=forms.HiddenInput)
    sort = django_filters.ChoiceFilter(
        label="Order", method="filter_sort", choices=ORDERING_LABELS, empty_label=None, null_label=None
    )

    class Meta:
        model = Case
        fields = ()

    def filter_status(self, cases: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        """A finding, a status, or no answer yet."""
        if value == WAITING:
            return cases.filter(answer__isnull=True, unread_reason="")
        if value == NOT_READ:
            return cases.exclude(unread_reason="").filter(answer__isnull=True)
        return cases.filter(Q(answer__finding=value) | Q(answer__status=value))

    def filter_sort(self, cases: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        """One of ORDERINGS."""
        return cases.order_by(*ORDERINGS[value])
