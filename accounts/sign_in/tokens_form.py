"""The form that makes an API token."""

from datetime import timedelta
from typing import Any

from django import forms

from accounts.models import User
from accounts.scopes import open_to

LIFETIMES = (
    (1, "1 hour"),
    (12, "12 hours"),
    (24, "1 day"),
    (7 * 24, "1 week"),
    (30 * 24, "30 days"),
    (90 * 24, "90 days"),
)


class TokenForm(forms.Form):
    """What uses the token, what it may do, and for how long."""

    name = forms.CharField(
        label="What will use it",
        max_length=100,
        help_text="So that you know it in the list: “laboratory system”, “my script”.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Say what will use the token."},
    )
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        help_text="Choose as little as it needs.",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one thing that it may do."},
    )
    hours = forms.TypedChoiceField(
        label="How long it works",
        choices=LIFETIMES,
        coerce=int,
        initial=12,
        help_text="Afterwards the program needs a new one.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(scope.name, f"{scope.words} ({scope.name})") for scope in open_to(user.role)]
        self.fields["scopes"].choices = choices  # type: ignore[attr-defined] # a MultipleChoiceField

    @property
    def lifetime(self) -> timedelta:
        """How long the token is to work."""
        return timedelta(hours=self.cleaned_data["hours"])
