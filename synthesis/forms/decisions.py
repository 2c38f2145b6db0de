"""What is filled in to decide on a set, or to withdraw it."""

from typing import Any

from django import forms

from synthesis.models import SyntheticSet


class DecisionForm(forms.Form):
    """For whom a set is published, and on what the decision rests."""

    audience = forms.ChoiceField(
        label="Who may use it?",
        choices=SyntheticSet.Audience.choices,
        initial=SyntheticSet.Audience.INSTITUTION,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose who may use it."},
    )
    note = forms.CharField(
        label="What does your decision rest on?",
        max_length=2000,
        help_text="Kept with the set and shown to colleagues. Name no patient.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say what your decision rests on."},
    )

    def __init__(self, *args: Any, needs_audience: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["audience"].required = needs_audience


class WithdrawalForm(forms.Form):
    """Why a set is withdrawn."""

    reason = forms.CharField(
        label="Why is it withdrawn?",
        max_length=2000,
        help_text="Those who used the set read it. Name no patient.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why the set is withdrawn."},
    )
