"""Reading patients' data: each read and its audit event stand in one transaction, or nothing is shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.shortcuts import get_object_or_404

from accounts import audit
from accounts.models import Action, User
from diagnosis.models import Case, FnaBatch, FnaSample, Prediction, Study


@transaction.atomic
def read_case(*, user: User, public_id: UUID) -> Case:
    """One case with its sample and answer.

    Raises:
        Http404: there is no such case for this person.
        AuditUnavailable: the read could not be recorded.
    """
    cases = Case.objects.visible_to(user).select_related(
        "institution", "created_by", "answer__model", "fna_sample__batch__job", "study__patient"
    )
    case = get_object_or_404(cases, public_id=public_id)
    audit.record(Action.VIEW, object_type="case", object_id=case.public_id, patient_pseudonym=case.pseudonym)
    return case


def study_of_case(*, user: User, public_id: UUID) -> Study | None:
    """The study that a case is about, to go to; None where there is no study or no such case. Nothing of it is told."""
    case = Case.objects.visible_to(user).select_related("study").filter(public_id=public_id).first()
    return case.study if case else None


@transaction.atomic
def list_cases(*, cases: Iterable[Case], filters: dict[str, Any]) -> list[Case]:
    """One page of cases, recorded as one search that names its filters and how many cases it showed."""
    page = list(cases)
    audit.record(Action.SEARCH, object_type="case", detail={"filters": filters, "shown": len(page)})
    return page


@transaction.atomic
def list_batches(*, batches: Iterable[FnaBatch]) -> list[FnaBatch]:
    """One page of batches; a batch's file name may name a patient, so this is recorded too."""
    page = list(batches)
    audit.record(Action.SEARCH, object_type="fna-batch", detail={"shown": len(page)})
    return page


def find_batch(*, user: User, public_id: UUID) -> FnaBatch:
    """One batch, to export it; nothing of it is told.

    Raises:
        Http404: there is no such batch for this person.
    """
    batches = FnaBatch.objects.visible_to(user).select_related("job", "created_by", "institution")
    return get_object_or_404(batches, public_id=public_id)


@transaction.atomic
def read_batch(*, user: User, public_id: UUID) -> FnaBatch:
    """One batch with its job.

    Raises:
        Http404: there is no such batch for this person.
        AuditUnavailable: the read could not be recorded.
    """
    batch = find_batch(user=user, public_id=public_id)
    audit.record(Action.VIEW, object_type="fna-batch", object_id=batch.public_id)
    return batch


@transaction.atomic
def read_prediction(*, user: User, public_id: UUID) -> Prediction:
    """One prediction; reading it is viewing its case.

    Raises:
        Http404: there is no such prediction for this person.
        AuditUnavailable: the read could not be recorded.
    """
    predictions = Prediction.objects.visible_to(user).select_related("case__study__patient", "job", "model")
    prediction = get_object_or_404(predictions, public_id=public_id)
    audit.record(
        Action.VIEW, object_type="prediction", object_id=public_id, patient_pseudonym=prediction.case.pseudonym
    )
    return prediction


def worklist(user: User) -> QuerySet[Case]:
    """The cases this person may see, with what a worklist row shows."""
    return Case.objects.visible_to(user).select_related("answer", "fna_sample__batch__job", "study", "created_by")


def samples_of(batch: FnaBatch, user: User) -> QuerySet[FnaSample]:
    """The samples of a batch that this person may see."""
    return FnaSample.objects.filter(batch=batch, case__in=Case.objects.visible_to(user).values("pk"))


def remarks_on(batch: FnaBatch, user: User) -> list[dict[str, Any]]:
    """What the import remarked on, without the rows of samples that this person may not see."""
    seen = samples_of(batch, user)
    hidden = set(batch.samples.exclude(pk__in=seen.values("pk")).values_list("row_number", flat=True))
    return [remark for remark in batch.warnings if remark["row"] not in hidden]


def probabilities(batch: FnaBatch, user: User) -> list[float]:
    """The calibrated probabilities of a batch that was read by `read_batch`; refused samples have none."""
    every = samples_of(batch, user).values_list("case__answer__probability", flat=True)
    return [probability for probability in every if probability is not None]


@dataclass(frozen=True)
class Comparison:
    """A batch's answers by kind, and against the known diagnoses. Malignant is positive; scored answers only."""

    scored: int
    uncertain: int
    refused: int
    waiting: int
    malignant: int
    benign: int
    outcome_known: int
    true_positive: int
    false_positive: int
    true_negative: int
    false_negative: int
    seen_in_training: int

    @property
    def compared(self) -> int:
        """Scored answers whose diagnosis is known."""
        return self.true_positive + self.false_positive + self.true_negative + self.false_negative

    @property
    def accuracy(self) -> float | None:
        """Share of the compared answers that agree with the diagnosis."""
        return (self.true_positive + self.true_negative) / self.compared if self.compared else None

    @property
    def sensitivity(self) -> float | None:
        """Share of the malignant among the compared that were answered malignant."""
        malignant = self.true_positive + self.false_negative
        return self.true_positive / malignant if malignant else None

    @property
    def specificity(self) -> float | None:
        """Share of the benign among the compared that were answered benign."""
        benign = self.true_negative + self.false_positive
        return self.true_negative / benign if benign else None


def compare_with_known(batch: FnaBatch, user: User) -> Comparison:
    """Counts the batch's answers in one query."""
    malignant = Q(case__answer__finding=Prediction.Finding.MALIGNANT)
    benign = Q(case__answer__finding=Prediction.Finding.BENIGN)
    truly_malignant = Q(known_outcome=FnaSample.KnownOutcome.MALIGNANT)
    truly_benign = Q(known_outcome=FnaSample.KnownOutcome.BENIGN)
    counts = {
        **{value: Q(case__answer__status=value) for value in Prediction.Status.values},
        "waiting": Q(case__answer__isnull=True),
        "malignant": malignant,
        "benign": benign,
        "outcome_known": truly_malignant | truly_benign,
        "true_positive": malignant & truly_malignant,
        "false_positive": malignant & truly_benign,
        "true_negative": benign & truly_benign,
        "false_negative": benign & truly_malignant,
        "seen_in_training": Q(case__answer__seen_in_training=True),
    }
    return Comparison(
        **samples_of(batch, user).aggregate(
            **{name: Count("pk", filter=condition) for name, condition in counts.items()}
        )
    )
