"""How lists of synthetic sets can be narrowed."""

import django_filters
from django.db.models import Q, QuerySet

from synthesis.forms.words import STAGE_WORDS
from synthesis.models import Kind, SyntheticSet

WORDS_SEARCHED = 6


class SyntheticSetFilter(django_filters.FilterSet):
    """By kind, stage, and words of the title, the source or the citation."""

    kind = django_filters.ChoiceFilter(label="Kind", choices=Kind.choices, empty_label="Any")
    stage = django_filters.ChoiceFilter(
        label="State", choices=[(stage.value, words) for stage, words in STAGE_WORDS.items()], empty_label="Any"
    )
    text = django_filters.CharFilter(label="Search", method="filter_text")

    class Meta:
        model = SyntheticSet
        fields = ()

    def filter_text(self, rows: QuerySet[SyntheticSet], name: str, value: str) -> QuerySet[SyntheticSet]:
        """Those that hold every word, in any order."""
        for word in value.split()[:WORDS_SEARCHED]:
            rows = rows.filter(
                Q(title__icontains=word)
                | Q(source__name__icontains=word)
                | Q(source__modality__iexact=word)
                | Q(architecture__icontains=word)
                | Q(citation__icontains=word)
            )
        return rows
