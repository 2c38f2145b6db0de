"""Answers as CSV that a spreadsheet opens as text and numbers, never as formulas."""

import csv
import io
from collections.abc import Iterable, Iterator

from django.db import transaction

from accounts import audit
from accounts.audit.export.as_csv import inert
from accounts.models import Action
from diagnosis.models import Case
from ml.fna.schema import LABELS

HEADER = (
    "case",
    "kind",
    "reference",
    "row",
    "arrived_utc",
    "status",
    "finding",
    "probability_malignant",
    "interval_low",
    "interval_high",
    "prediction_set",
    "reason",
    "known_diagnosis",
    "model",
    "weights_sha256",
    "prediction",
)


@transaction.atomic
def export_cases(*, cases: Iterable[Case], what: str) -> str:
    """The cases and their answers as CSV; the export is recorded before a byte of it leaves.

    Raises:
        AuditUnavailable: nothing was exported.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    count = 0
    for case in cases:
        writer.writerow(list(_row(case)))
        count += 1
    audit.record(Action.EXPORT, object_type="case", object_id=what, detail={"cases": count})
    return out.getvalue()


def _row(case: Case) -> Iterator[str | int | float | None]:
    sample, answer = getattr(case, "fna_sample", None), case.answer
    yield str(case.public_id)
    yield case.kind
    yield inert(case.reference)
    yield sample.row_number if sample else None
    yield f"{case.created_at:%Y-%m-%dT%H:%M:%SZ}"
    if answer is None:
        yield from ("not read" if case.unread_reason else "waiting", "", None, None, None, "")
        yield inert(case.unread_reason)
    else:
        yield from (
            answer.status,
            answer.finding,
            answer.probability,
            answer.interval_low,
            answer.interval_high,
        )
        yield " ".join(answer.prediction_set)
        yield inert(answer.reason)
    yield LABELS[sample.known_outcome] if sample and sample.known_outcome is not None else ""
    if answer is None:
        yield from ("", "", "")
    else:
        yield from (str(answer.model), answer.weights_sha256, str(answer.public_id))
