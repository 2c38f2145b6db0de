"""What an administrator fills in about a source."""

from django import forms

from accounts.errors import DomainError
from synthesis.models import Kind, SourceDataset
from synthesis.records.tables import LEAST
from synthesis.services.sources import LARGEST_ARCHIVE, NewSource

MODALITIES = [
    ("FNA", "Cytology: fine-needle aspirates (FNA)"),
    ("US", "Ultrasound (US)"),
    ("MG", "Mammography (MG)"),
]


class SourceForm(forms.Form):
    """A data set of real records, and on what its use rests."""

    kind = forms.ChoiceField(
        label="What is in the file?",
        choices=[(Kind.FNA, "A table of FNA measurements"), (Kind.IMAGE, "Pictures, in a zip archive")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what is in the file."},
    )
    file = forms.FileField(
        label="File",
        help_text="CSV or Excel with one row for each sample, or a zip archive with a folder for each class: at least "
        f"{LEAST} records, at most {LARGEST_ARCHIVE // 2**30} GB.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.xls,.ods,.zip"}),
        error_messages={"required": "Choose a file.", "empty": "This file is empty."},
    )
    name = forms.CharField(
        label="Name",
        max_length=120,
        help_text="Names no patient; for example “Breast ultrasound 2019 to 2024”.",
        error_messages={"required": "Give the source a name."},
    )
    description = forms.CharField(
        label="Description",
        required=False,
        max_length=4000,
        help_text="Which patients, which devices, which years; how the diagnosis is known.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    modality = forms.ChoiceField(
        label="Modality",
        choices=MODALITIES,
        help_text="A table of measurements is cytology; pictures are one of the others.",
    )
    licence = forms.CharField(
        label="Licence or terms",
        max_length=100,
        help_text="As SPDX identifier, such as CC-BY-4.0, or the address of the terms.",
        error_messages={"required": "Name the licence or the terms of the data."},
    )
    consent_basis = forms.ChoiceField(
        label="Why may these records be used?",
        choices=SourceDataset.Consent.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose on what the use of these records rests."},
    )
    consent_reference = forms.CharField(
        label="Reference",
        max_length=200,
        help_text="Number of the ethics vote or of the study, or the public data set’s citation. It is kept and shown.",
        error_messages={"required": "Say where the consent or the permission can be looked up."},
    )

    def about(self) -> NewSource:
        """What was filled in, for the service. Only a valid form has it."""
        told = self.cleaned_data
        return NewSource(**{name: told[name] for name in told if name != "file"})

    def add_problems(self, error: DomainError) -> None:
        """Puts what the service found wrong beside the fields; what is wrong within the file beside the file."""
        fields = [problem for problem in error.problems if problem.get("field") in self.fields]
        for problem in fields:
            self.add_error(problem["field"], problem["message"])
        if not fields:
            self.add_error("name" if error.code == "source_name_taken" else "file", str(error))


class SourceWithdrawalForm(forms.Form):
    """Why a source is withdrawn."""

    reason = forms.CharField(
        label="Why is it withdrawn?",
        max_length=2000,
        help_text="Kept with the source. Name no patient.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why the source is withdrawn."},
    )
