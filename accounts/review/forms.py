"""Forms of the trail's readers."""

from typing import ClassVar

from django import forms

from accounts.models import AccessRules, Verdict


class PatientNumberForm(forms.Form):
    """A hospital's own number, sent by POST so that it stands in no address."""

    number = forms.CharField(
        label="Patient number, accession number or sample number",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter the hospital’s number of the patient or sample."},
    )


class VerdictForm(forms.Form):
    """What an auditor makes of one finding."""

    verdict = forms.ChoiceField(
        choices=Verdict.choices,
        widget=forms.RadioSelect,
        label="What do you make of it?",
        error_messages={"required": "Choose: in order, follow up, or breach."},
    )
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Needed unless it is in order. No patient’s name.",
    )

    def clean(self) -> dict[str, str]:
        """Whoever finds something not in order says what."""
        cleaned: dict[str, str] = super().clean() or {}
        if cleaned.get("verdict") in {Verdict.FOLLOW_UP, Verdict.BREACH} and not cleaned.get("note", "").strip():
            self.add_error("note", "Say what is to be followed up, or what was breached.")
        return cleaned


class SignForm(forms.Form):
    """The signature under a day."""

    note = forms.CharField(
        label="Remark on the day", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )


class AccessRulesForm(forms.ModelForm):  # type: ignore[type-arg]  # Django has no ModelForm[...] when it runs
    """An institution's rules."""

    class Meta:
        model = AccessRules
        fields = (
            "time_zone",
            "starts_at",
            "ends_at",
            "weekend_is_work",
            "patients_at_least",
            "patients_factor",
            "denials_at_least",
            "exports_at_least",
            "address_days",
        )
        widgets: ClassVar = {
            "starts_at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "ends_at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }

    def clean(self) -> dict[str, object]:
        """A working day begins before it ends."""
        cleaned: dict[str, object] = super().clean() or {}
        starts, ends = cleaned.get("starts_at"), cleaned.get("ends_at")
        if starts and ends and starts >= ends:  # type: ignore[operator]  # both are times
            self.add_error("ends_at", "Working hours end after they begin, on the same day.")
        return cleaned


class LegalHoldForm(forms.Form):
    """What of the trail must stay; fields left empty do not narrow it."""

    patient = forms.CharField(
        label="Patient’s pseudonym", required=False, max_length=64, help_text="As it stands in the trail."
    )
    person = forms.EmailField(label="Person who acted", required=False, help_text="Their e-mail address.")
    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(
        label="Why it must stay",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="For example the court’s or the authority’s reference. No patient’s name.",
        error_messages={"required": "Say why this part of the trail must stay."},
    )

    def clean_patient(self) -> str:
        """Pseudonyms are written in small letters."""
        return str(self.cleaned_data["patient"]).strip().lower()

    def clean(self) -> dict[str, object]:
        """A period begins before it ends."""
        cleaned: dict[str, object] = super().clean() or {}
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and until < since:
            self.add_error("until", "The period ends before it begins.")
        return cleaned


class LiftForm(forms.Form):
    """Why a hold ends."""

    reason = forms.CharField(label="Why it is lifted", max_length=2000)
