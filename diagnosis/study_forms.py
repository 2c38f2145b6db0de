"""Forms of the studies' pages."""

from django import forms


class PatientSearchForm(forms.Form):
    """Finds studies by patient. Posted, never in the URL: it identifies one."""

    patient = forms.CharField(label="Patient’s name or number", required=False, max_length=200, strip=True)
