"""How studies can be narrowed, by the API and on the list's page."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from diagnosis.filters import NOT_READ, WAITING
from diagnosis.models import Prediction, Study

DICOM_DAY = "%Y%m%d"
# What a breast clinic meets, in its own words; a study of another modality is found by leaving this open.
MODALITIES = [
    ("US", "Ultrasound"),
    ("MG", "Mammography"),
    ("MR", "MRI"),
    ("CT", "CT"),
    ("PT", "PET"),
    ("DX", "X-ray"),
    ("OT", "Other"),
]
DAY = forms.DateInput(attrs={"type": "date"})


class StudyFilter(django_filters.FilterSet):
    """By modality, day of the examination, and words of the description."""

    modality = django_filters.CharFilter(method="filter_modality", label="A DICOM modality: US, MG, MR …")
    date_from = django_filters.DateFilter(method="filter_from", label="Examined from", widget=DAY)
    date_to = django_filters.DateFilter(method="filter_to", label="Examined to", widget=DAY)
    description = django_filters.CharFilter(lookup_expr="icontains", label="Description")

    class Meta:
        model = Study
        fields = ()

    def filter_modality(self, rows: QuerySet[Study], name: str, value: str) -> QuerySet[Study]:
        """Studies with a series of this modality."""
        return rows.filter(pk__in=Study.objects.filter(series__modality__iexact=value).values("pk"))

    def filter_from(self, rows: QuerySet[Study], name: str, value: Any) -> QuerySet[Study]:
        """DICOM's days compare as text."""
        return rows.filter(date__gte=value.strftime(DICOM_DAY))

    def filter_to(self, rows: QuerySet[Study], name: str, value: Any) -> QuerySet[Study]:
        """A study without a day is not among them."""
        return rows.filter(date__lte=value.strftime(DICOM_DAY)).exclude(date="")


class StudyListFilter(StudyFilter):
    """The same on the page, where modalities and answers are chosen from a list."""

    modality = django_filters.ChoiceFilter(
        method="filter_modality", label="Modality", choices=MODALITIES, empty_label="Any"
    )
    answer = django_filters.ChoiceFilter(
        method="filter_answer",
        label="Answer",
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

    def filter_answer(self, rows: QuerySet[Study], name: str, value: str) -> QuerySet[Study]:
        """A finding, a status, or no answer, for one reason or another."""
        if value == WAITING:
            return rows.filter(case__isnull=False, case__answer__isnull=True, case__unread_reason="")
        if value == NOT_READ:
            return rows.filter(case__answer__isnull=True).exclude(case__unread_reason="")
        return rows.filter(Q(case__answer__finding=value) | Q(case__answer__status=value))
