"""What a clinician fills in."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings

from diagnosis.models import FnaSample
from ml.fna.features import STATISTIC_DESCRIPTIONS, STATISTIC_LABELS
from ml.fna.schema import FEATURE_NAMES, FEATURES, FEATURES_BY_NAME, STATISTICS, check_row


class FnaFileForm(forms.Form):
    """A table of FNA measurements."""

    file = forms.FileField(
        label="FNA table",
        help_text="CSV, TSV or Excel with the 30 measurements; one row for each sample. Up to 50 MB.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.data,.xlsx,.xls,.ods"}),
    )

    def clean_file(self) -> Any:
        """Refuses a file over the size limit before it is read."""
        upload = self.cleaned_data["file"]
        if upload.size > settings.FNA_UPLOAD_MAX_BYTES:
            limit = settings.FNA_UPLOAD_MAX_BYTES // 2**20
            raise forms.ValidationError(
                f"The file is {upload.size / 2**20:.0f} MB; at most {limit} MB can be read. Split it into several."
            )
        return upload


class MeasurementField(forms.FloatField):
    """A number, with a decimal point or a decimal comma."""

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)


@dataclass(frozen=True)
class FieldGroup:
    """The fields of one statistic: each with its unit and what it measures."""

    label: str
    description: str
    fields: list[tuple[forms.BoundField, str, str]]


class FnaSampleForm(forms.Form):
    """One sample, typed in: 30 measurements, the hospital's sample number, the diagnosis where it is known."""

    reference = forms.CharField(
        label="Sample number",
        required=False,
        max_length=200,
        help_text="Your own number for this sample, so that you find it on the worklist.",
    )
    known_outcome = forms.TypedChoiceField(
        label="Known diagnosis",
        required=False,
        choices=[("", "Not known"), *FnaSample.KnownOutcome.choices],
        coerce=int,
        empty_value=None,
        help_text="Kept beside the answer for comparison; the model never sees it.",
    )
    accept_warnings = forms.BooleanField(
        label="I have checked these values and want the model to read them as they are", required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for feature in FEATURES:
            unit = f" {feature.unit}" if feature.unit else ""
            self.fields[feature.name] = MeasurementField(
                label=feature.label,
                error_messages={"required": "Enter a number.", "invalid": "Enter a number, such as 17.99."},
                help_text=f"usually {feature.typical_low:g} to {feature.typical_high:g}{unit}",
                widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "data-fna": feature.name}),
            )
        self.warnings: list[str] = []

    def groups(self) -> list[FieldGroup]:
        """The measurement fields, grouped as mean, standard error and worst."""
        return [
            FieldGroup(
                label=STATISTIC_LABELS[statistic].capitalize(),
                description=STATISTIC_DESCRIPTIONS[statistic],
                fields=[(self[f.name], f.unit, f.description) for f in FEATURES if f.statistic == statistic],
            )
            for statistic in STATISTICS
        ]

    def clean(self) -> dict[str, Any]:
        """Impossible values are errors at their fields; improbable ones have to be accepted by the person."""
        cleaned = super().clean() or {}
        values = {name: cleaned[name] for name in FEATURE_NAMES if cleaned.get(name) is not None}
        if len(values) < len(FEATURE_NAMES):
            return cleaned
        for finding in check_row(values):
            if finding.is_no_measurement:
                (name,) = finding.features
                self.add_error(name, _after_label(finding.message, FEATURES_BY_NAME[name].label))
            else:
                self.warnings.append(finding.message)
        if self.warnings and not cleaned.get("accept_warnings") and not self.errors:
            self.add_error(
                "accept_warnings",
                "Some values are unusual. Correct them, or tick this box to have them read as they are.",
            )
        return cleaned

    def measurements(self) -> list[float]:
        """The 30 numbers in the schema's order."""
        return [self.cleaned_data[name] for name in FEATURE_NAMES]


def _after_label(message: str, label: str) -> str:
    """The message as it reads beside its field, which has the label already."""
    rest = message.removeprefix(f"{label}: ")
    return rest[:1].upper() + rest[1:]


class ReferenceSearchForm(forms.Form):
    """Finds cases by sample or patient number. Posted, never in the URL: either may identify a patient."""

    reference = forms.CharField(label="Sample or patient number", required=False, max_length=200, strip=True)
