"""How the lists on the pages can be narrowed."""

from typing import Any

import django_filters
from django.db.models import QuerySet

from synthesis.filters import SyntheticSetFilter
from synthesis.models import Kind, SyntheticSet

CLASSES = [("benign", "Benign"), ("malignant", "Malignant"), ("normal", "Normal")]
GUARANTEED, NOT_GUARANTEED = "guarantee", "none"
TOLD = ("kind", "stage", "whose", "holds", "privacy")


def asked_for(narrowed: django_filters.FilterSet) -> dict[str, Any]:
    """What a list was narrowed by, for the audit trail; of free text only that there was some."""
    form = narrowed.form
    form.is_valid()
    asked = {name: value for name, value in form.cleaned_data.items() if value not in (None, "")}
    return {name: str(value) if name in TOLD else True for name, value in asked.items()}


class OrderFilter(SyntheticSetFilter):
    """Orders, by words, stage, kind and whose they are."""

    whose = django_filters.ChoiceFilter(
        label="Ordered by", method="filter_whose", choices=[("mine", "Me")], empty_label="Anybody"
    )

    def filter_whose(self, rows: QuerySet[SyntheticSet], name: str, value: str) -> QuerySet[SyntheticSet]:
        """One's own."""
        return rows.filter(ordered_by=getattr(self.request, "user", None))


class CatalogueFilter(SyntheticSetFilter):
    """Published sets, by words, kind, class and guarantee."""

    stage = None
    kind = django_filters.ChoiceFilter(label="Kind", choices=Kind.choices, empty_label="Any")
    holds = django_filters.ChoiceFilter(
        label="With records of class", method="filter_holds", choices=CLASSES, empty_label="Any"
    )
    privacy = django_filters.ChoiceFilter(
        label="Privacy",
        method="filter_privacy",
        choices=[(GUARANTEED, "With a formal guarantee"), (NOT_GUARANTEED, "Without")],
        empty_label="Any",
    )

    def filter_holds(self, rows: QuerySet[SyntheticSet], name: str, value: str) -> QuerySet[SyntheticSet]:
        """Sets with at least one record of the class."""
        return rows.filter(**{f"counts__{value}__gt": 0})

    def filter_privacy(self, rows: QuerySet[SyntheticSet], name: str, value: str) -> QuerySet[SyntheticSet]:
        """Whether they were made with differential privacy."""
        return rows.filter(epsilon__isnull=value == NOT_GUARANTEED)
