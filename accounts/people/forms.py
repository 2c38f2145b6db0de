"""Forms about people, invitations and emergency access."""

from typing import Any

import django_filters
from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.db.models import Q, QuerySet

from accounts.models import EmergencyAccess, Role, User
from accounts.models.emergency_access import SHORTEST_EXPLANATION
from accounts.people.emergency import MINUTES

ACTIVE, DEACTIVATED, WITHOUT_SECOND_FACTOR = "active", "deactivated", "without-second-factor"


class PeopleFilter(django_filters.FilterSet):
    """By name or address, role, and state."""

    who = django_filters.CharFilter(method="filter_who", label="Name or e-mail address")
    role = django_filters.ChoiceFilter(choices=Role.choices, label="Role", empty_label="Any")
    state = django_filters.ChoiceFilter(
        method="filter_state",
        label="State",
        empty_label="Any",
        choices=[
            (ACTIVE, "Active"),
            (DEACTIVATED, "Deactivated"),
            (WITHOUT_SECOND_FACTOR, "Active, without a second factor"),
        ],
    )

    class Meta:
        model = User
        fields = ()

    def filter_who(self, people: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        """Every word in the name or the address."""
        for word in value.split():
            people = people.filter(Q(full_name__icontains=word) | Q(email__icontains=word))
        return people

    def filter_state(self, people: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        """Whether they may sign in, or still owe a second factor."""
        if value == WITHOUT_SECOND_FACTOR:
            # `directory.people_of` annotates it.
            return people.filter(Q(is_active=True) & Q(("has_second_factor", False)))
        return people.filter(is_active=value == ACTIVE)


class InvitationForm(forms.Form):
    """Who is invited, as what."""

    full_name = forms.CharField(
        label="Full name", max_length=200, error_messages={"required": "Enter the person’s name."}
    )
    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        help_text="The link goes there, and they sign in with it.",
        error_messages={"required": "Enter the person’s e-mail address."},
    )
    role = forms.ChoiceField(
        label="Role",
        choices=Role.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what they will do here."},
    )


class AcceptanceForm(forms.Form):
    """The password of a new account, typed twice."""

    password = forms.CharField(
        label="Password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    again = forms.CharField(
        label="Password again", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.fields["password"].help_text = " ".join(password_validators_help_texts())

    def clean_password(self) -> str:
        """Strong enough, and unlike the person's name and address."""
        password: str = self.cleaned_data["password"]
        validate_password(password, self.person)
        return password

    def clean_again(self) -> str:
        """The same."""
        again: str = self.cleaned_data["again"]
        if "password" in self.cleaned_data and again != self.cleaned_data["password"]:
            raise forms.ValidationError("Type the same password twice.")
        return again


class RoleForm(forms.Form):
    """Another role."""

    role = forms.ChoiceField(label="Role", choices=Role.choices, widget=forms.RadioSelect)


class EmergencyForm(forms.Form):
    """Which record, why, for how long."""

    number = forms.CharField(
        label="The hospital’s patient ID, or the sample number",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter the number that the hospital knows the patient or the sample by."},
    )
    reason = forms.ChoiceField(
        label="Reason",
        choices=EmergencyAccess.Reason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a reason."},
    )
    explanation = forms.CharField(
        label="Explain",
        min_length=SHORTEST_EXPLANATION,
        max_length=2000,
        help_text=f"At least {SHORTEST_EXPLANATION} characters. An auditor reads it, together with what you look at.",
        error_messages={"required": "Explain why you must see this record now."},
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    minutes = forms.TypedChoiceField(
        label="For how long",
        coerce=int,
        choices=[(minutes, f"{minutes} minutes") for minutes in MINUTES],
        initial=MINUTES[0],
        widget=forms.RadioSelect,
    )


class VerdictForm(forms.Form):
    """An auditor's judgement."""

    verdict = forms.ChoiceField(
        label="Was it justified?",
        choices=EmergencyAccess.Verdict.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether it was justified."},
    )
    note = forms.CharField(
        label="Why",
        max_length=2000,
        help_text="Name no patient. The judgement stays as it is.",
        error_messages={"required": "Say why, in a sentence."},
        widget=forms.Textarea(attrs={"rows": 3}),
    )
