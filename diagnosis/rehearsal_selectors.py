"""What a rehearsal found: counts for whoever may decide, single cases with their audit event."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Abs
from django.shortcuts import get_object_or_404

from accounts import audit
from accounts.models import Action, Role, User
from diagnosis.models import FnaSample, Prediction, Rehearsal, RehearsedAnswer

MALIGNANT, BENIGN = Prediction.Finding.MALIGNANT.value, Prediction.Finding.BENIGN.value
UNCERTAIN, REFUSED = Prediction.Status.UNCERTAIN.value, Prediction.Status.REFUSED.value
KINDS = (MALIGNANT, BENIGN, UNCERTAIN, REFUSED)
MOST_POINTS = 4000


@dataclass(frozen=True)
class Row:
    """The cases with one answer on file, and how many of them the candidate answers in which way."""

    kind: str
    total: int
    cells: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Record:
    """One model's answers where the diagnosis is known. Malignant is positive; scored answers only."""

    right: int
    scored: int
    malignant_found: int
    malignant_scored: int
    benign_found: int
    benign_scored: int

    @property
    def accuracy(self) -> float | None:
        """Share of the scored answers that agree with the diagnosis."""
        return self.right / self.scored if self.scored else None

    @property
    def sensitivity(self) -> float | None:
        """Share of the malignant among the scored that were answered malignant."""
        return self.malignant_found / self.malignant_scored if self.malignant_scored else None

    @property
    def specificity(self) -> float | None:
        """Share of the benign among the scored that were answered benign."""
        return self.benign_found / self.benign_scored if self.benign_scored else None


@dataclass(frozen=True)
class Findings:
    """What a rehearsal found, in counts."""

    compared: int
    flips: int
    reversals: int
    table: tuple[Row, ...]
    known: int
    seen_in_training: int
    before: Record
    after: Record

    @property
    def same(self) -> int:
        """How many answers would stay."""
        return self.compared - self.flips

    @property
    def share_flipped(self) -> float | None:
        """Of the compared."""
        return self.flips / self.compared if self.compared else None


def get_rehearsal(*, user: User, public_id: UUID) -> Rehearsal:
    """A rehearsal of the person's institution.

    Raises:
        Http404: there is no such rehearsal for this person.
    """
    rehearsals = Rehearsal.objects.visible_to(user).select_related("job", "candidate", "current", "requested_by")
    rehearsal: Rehearsal = get_object_or_404(rehearsals, public_id=public_id)
    return rehearsal


def findings(rehearsal: Rehearsal) -> Findings:
    """The counts, in one query."""
    groups = rehearsal.answers.values_list(
        "prediction__status",
        "prediction__finding",
        "status",
        "finding",
        "prediction__case__fna_sample__known_outcome",
    ).annotate(count=Count("pk"), seen=Count("pk", filter=Q(prediction__seen_in_training=True)))
    pairs: Counter[tuple[str, str]] = Counter()
    known: Counter[tuple[str, str, int]] = Counter()
    seen_in_training = 0
    for old_status, old_finding, status, finding, outcome, count, seen in groups.order_by():
        old, new = old_finding or old_status, finding or status
        pairs[old, new] += count
        seen_in_training += seen
        if outcome is not None:
            known[old, new, outcome] += count
    return Findings(
        compared=pairs.total(),
        flips=sum(count for (old, new), count in pairs.items() if old != new),
        reversals=pairs[BENIGN, MALIGNANT] + pairs[MALIGNANT, BENIGN],
        table=tuple(
            Row(old, sum(pairs[old, new] for new in KINDS), tuple((new, pairs[old, new]) for new in KINDS))
            for old in KINDS
        ),
        known=known.total(),
        seen_in_training=seen_in_training,
        before=_record((old, outcome, count) for (old, _, outcome), count in known.items()),
        after=_record((new, outcome, count) for (_, new, outcome), count in known.items()),
    )


def _record(answers: Iterable[tuple[str, int, int]]) -> Record:
    counted: Counter[tuple[str, int]] = Counter()
    for kind, outcome, count in answers:
        counted[kind, outcome] += count
    malignant, benign = int(FnaSample.KnownOutcome.MALIGNANT), int(FnaSample.KnownOutcome.BENIGN)
    found_malignant, found_benign = counted[MALIGNANT, malignant], counted[BENIGN, benign]
    malignant_scored = found_malignant + counted[BENIGN, malignant]
    benign_scored = found_benign + counted[MALIGNANT, benign]
    return Record(
        right=found_malignant + found_benign,
        scored=malignant_scored + benign_scored,
        malignant_found=found_malignant,
        malignant_scored=malignant_scored,
        benign_found=found_benign,
        benign_scored=benign_scored,
    )


def points(rehearsal: Rehearsal) -> list[tuple[float, float, bool]]:
    """Probability on file, the candidate's, and whether the answer flips: flips first, `MOST_POINTS` at most."""
    rows = rehearsal.answers.filter(probability__isnull=False, prediction__probability__isnull=False)
    values = rows.order_by("-flips", "-pk").values_list("prediction__probability", "probability", "flips")
    return [(round(float(old or 0), 4), round(float(new or 0), 4), flips) for old, new, flips in values[:MOST_POINTS]]


def answers_seen_by(rehearsal: Rehearsal, user: User) -> QuerySet[RehearsedAnswer]:
    """The compared answers about cases that this person may see.

    The counts are of all cases: they tell of no single one, and administrators decide by them, who see none.
    """
    if user.role == Role.ADMIN:
        return rehearsal.answers.all()
    seen = Prediction.objects.visible_to(user)
    return rehearsal.answers.filter(prediction__in=seen.values("pk"))


def flips(rehearsal: Rehearsal, user: User) -> QuerySet[RehearsedAnswer]:
    """The answers that would differ: malignant and benign exchanged first, then by how far the probability moves."""
    is_reversal = Q(status=Prediction.Status.SCORED, prediction__status=Prediction.Status.SCORED)
    return (
        answers_seen_by(rehearsal, user)
        .filter(flips=True)
        .select_related("prediction__case__fna_sample", "prediction__case__study", "prediction__model")
        .annotate(
            order=Case(When(is_reversal, then=Value(0)), default=Value(1), output_field=IntegerField()),
            moved=Abs(F("probability") - F("prediction__probability")),
        )
        .order_by("order", F("moved").desc(nulls_last=True), "pk")
    )


@transaction.atomic
def list_flips(*, rehearsal: Rehearsal, answers: Iterable[RehearsedAnswer]) -> list[RehearsedAnswer]:
    """One page of flips, recorded as one look at so many cases.

    Raises:
        AuditUnavailable: the read could not be recorded.
    """
    page = list(answers)
    detail: dict[str, Any] = {"shown": len(page)}
    audit.record(Action.SEARCH, object_type="rehearsal", object_id=rehearsal.public_id, detail=detail)
    return page
