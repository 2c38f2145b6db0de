"""The form that restricts a record."""

from django import forms

from diagnosis.models import Restriction


class RestrictionForm(forms.Form):
    """Why a record is restricted."""

    reason = forms.ChoiceField(
        label="Reason",
        choices=Restriction.Reason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a reason."},
    )
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=500,
        help_text="Needed for “something else”. Administrators read it: name no patient.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
