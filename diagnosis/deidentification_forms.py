"""Forms of the intake settings and of the review."""

import re
from typing import Any

from django import forms

from ml.dicom.deidentification import Region

_RECTANGLE = re.compile(r"\s*(\d{1,5})[\s,]+(\d{1,5})[\s,]+(\d{1,5})[\s,]+(\d{1,5})\s*")
MOST_PREVIEW_BYTES = 100 * 1024**2


class PreviewForm(forms.Form):
    """One file to look at; nothing of it is kept."""

    file = forms.FileField(
        label="A DICOM file",
        help_text="It is read, shown and forgotten. Up to 100 MB.",
        error_messages={"required": "Choose a DICOM file."},
    )

    def clean_file(self) -> Any:
        """Not larger than a page may have to read."""
        file = self.cleaned_data["file"]
        if file.size > MOST_PREVIEW_BYTES:
            raise forms.ValidationError("The file is larger than 100 MB. Choose a smaller one.")
        return file


class DecisionForm(forms.Form):
    """What becomes of a picture that waits."""

    RELEASE, MASK, REJECT = "release", "mask", "reject"

    decision = forms.ChoiceField(
        choices=[
            (RELEASE, "Release it as it is"),
            (MASK, "Mask the rectangles, then release it"),
            (REJECT, "Reject it"),
        ],
        label="What becomes of the picture",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose what becomes of the picture.",
            "invalid_choice": "Choose one of the three.",
        },
    )
    rectangles = forms.CharField(
        required=False,
        label="Rectangles to mask",
        help_text="Draw them on the picture, or write one a line: left, top, right and bottom, in pixels.",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"}),
    )
    reason = forms.CharField(
        required=False,
        max_length=500,
        label="Why it is rejected",
        help_text="Shown to whoever sent it. Name no patient.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_rectangles(self) -> list[Region]:
        """The rectangles, one a line."""
        regions = []
        for number, line in enumerate(self.cleaned_data["rectangles"].splitlines(), start=1):
            if not line.strip():
                continue
            match = _RECTANGLE.fullmatch(line)
            if not match:
                raise forms.ValidationError(
                    f"Line {number}: write four whole numbers, left, top, right and bottom, for example 0, 0, 640, 40."
                )
            regions.append(Region(*map(int, match.groups())))
        return regions

    def clean(self) -> dict[str, Any]:
        """What the decision needs is there."""
        cleaned = super().clean() or {}
        decision = cleaned.get("decision")
        if decision == self.MASK and "rectangles" in cleaned and not cleaned["rectangles"]:
            self.add_error("rectangles", "Mark at least one rectangle, or choose something else.")
        if decision == self.REJECT and not cleaned.get("reason", "").strip():
            self.add_error("reason", "Say why the picture is rejected.")
        return cleaned
