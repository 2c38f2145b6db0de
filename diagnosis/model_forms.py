"""What is filled in to propose a model, and to decide on a proposal."""

from django import forms


class ProposalForm(forms.Form):
    """Why the model should answer here."""

    reason = forms.CharField(
        label="Why should this model answer here?",
        max_length=4000,
        help_text="Whoever decides reads this, and so will whoever looks back. Name no patient.",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Say why this model should answer here."},
    )


class DecisionForm(forms.Form):
    """Approve or reject, with a note."""

    APPROVE, REJECT = "approve", "reject"

    decision = forms.ChoiceField(
        label="Your decision",
        choices=[
            (APPROVE, "Approve: the proposed model answers from the next sample or image on"),
            (REJECT, "Reject: everything stays as it is"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose to approve or to reject."},
    )
    note = forms.CharField(
        label="What does your decision rest on?",
        max_length=4000,
        help_text="Kept with the decision. Name no patient.",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Say what your decision rests on."},
    )
