"""A rehearsal as CSV that a spreadsheet opens as text and numbers, never as formulas."""

import csv
import io
from collections.abc import Iterator

from django.db import transaction
from django.db.models import QuerySet

from accounts import audit
from accounts.audit.export.as_csv import inert
from accounts.models import Action
from diagnosis.models import Rehearsal, RehearsedAnswer
from ml.fna.schema import LABELS

HEADER = (
    "case",
    "number",
    "image",
    "known_diagnosis",
    "answered_by",
    "answer",
    "probability_malignant",
    "candidate",
    "candidate_answer",
    "candidate_probability_malignant",
    "flips",
)
ROWS_AT_ONCE = 2000


@transaction.atomic
def export_rehearsal(rehearsal: Rehearsal, answers: QuerySet[RehearsedAnswer]) -> str:
    """The answers that were compared; the export is recorded before a byte of it leaves.

    Raises:
        AuditUnavailable: nothing was exported.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    answers = answers.select_related("prediction__case__fna_sample", "prediction__instance", "prediction__model")
    count = 0
    for answer in answers.iterator(chunk_size=ROWS_AT_ONCE):
        writer.writerow(list(_row(rehearsal, answer)))
        count += 1
    audit.record(
        Action.EXPORT, object_type="rehearsal", object_id=rehearsal.public_id, purpose="", detail={"answers": count}
    )
    return out.getvalue()


def _row(rehearsal: Rehearsal, answer: RehearsedAnswer) -> Iterator[str | float | None]:
    prediction = answer.prediction
    sample = getattr(prediction.case, "fna_sample", None)
    yield str(prediction.case.public_id)
    yield inert(prediction.case.reference)
    yield str(prediction.instance.public_id) if prediction.instance else ""
    yield LABELS[sample.known_outcome] if sample is not None and sample.known_outcome is not None else ""
    yield inert(str(prediction.model))
    yield prediction.finding or prediction.status
    yield prediction.probability
    yield inert(str(rehearsal.candidate))
    yield answer.finding or answer.status
    yield answer.probability
    yield "yes" if answer.flips else "no"
