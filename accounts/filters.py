"""How the audit trail can be narrowed."""

import django_filters
from django import forms

from accounts.models import Action, AuditEvent


class AuditEventFilter(django_filters.FilterSet):
    """By person, action, and day."""

    actor = django_filters.CharFilter(lookup_expr="icontains", label="Person (e-mail address)")
    action = django_filters.ChoiceFilter(choices=Action.choices, label="What was done", empty_label="Anything")
    since = django_filters.DateFilter(
        field_name="at",
        lookup_expr="date__gte",
        label="From",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    until = django_filters.DateFilter(
        field_name="at",
        lookup_expr="date__lte",
        label="To",
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    class Meta:
        model = AuditEvent
        fields = ()
