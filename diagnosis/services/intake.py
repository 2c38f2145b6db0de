"""FNA samples come in: from a file, a form or the API. All of them or none."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction
from numpy.typing import NDArray

from accounts import audit
from accounts.errors import DomainError
from accounts.models import Action, User
from diagnosis.models import Case, FnaBatch, FnaSample
from diagnosis.scoring import FNA_SCORING
from jobs import services as jobs
from ml.fna.intake import FnaTable, TableError, read_table

INSERT_CHUNK = 1000


class UnreadableTable(DomainError):
    """A table that cannot be imported; `problems` names each row and column at fault, up to a hundred of `total`.

    `columns` says how its columns had been understood by then, so that a person can name the others.
    """

    code = "unreadable_table"

    def __init__(self, error: TableError) -> None:
        message = (
            error.problems[0].message
            if error.total == 1
            else f"The file has {error.total:,} problems. Nothing was stored."
        )
        super().__init__(message, problems=[asdict(problem) for problem in error.problems])
        self.columns = error.columns
        self.total = error.total


@dataclass(frozen=True)
class SampleInput:
    """One sample from the form or the API: 30 measurements in the schema's order, already checked."""

    measurements: Sequence[float]
    reference: str = ""
    known_outcome: int | None = None


def read_fna_file(data: bytes, *, file_name: str, columns: Mapping[int, str] | None = None) -> FnaTable:
    """The table as it would be imported; nothing is stored.

    Raises:
        UnreadableTable: the file is not an FNA table, or some of its cells cannot be accepted.
    """
    try:
        return read_table(data, file_name, columns=columns)
    except TableError as error:
        raise UnreadableTable(error) from error


def import_fna_file(*, user: User, data: bytes, file_name: str, columns: Mapping[int, str] | None = None) -> FnaBatch:
    """Stores the file and its samples as one batch and queues its scoring.

    Raises:
        UnreadableTable: nothing was stored.
    """
    table = read_fna_file(data, file_name=file_name, columns=columns)
    samples = _samples_of(table)
    key = storages["phi"].save(f"fna/{uuid.uuid4()}", ContentFile(data))
    try:
        return _create_batch(
            user=user,
            samples=samples,
            row_numbers=table.row_numbers,
            source=FnaBatch.Source.FILE,
            file_name=file_name[:255],
            file_sha256=hashlib.sha256(data).hexdigest(),
            file_key=key,
            table_format=table.format,
            columns=[asdict(column) for column in table.columns],
            warnings=[asdict(warning) for warning in table.warnings],
        )
    except BaseException:
        storages["phi"].delete(key)
        raise


def submit_fna_samples(*, user: User, samples: Sequence[SampleInput], source: FnaBatch.Source) -> FnaBatch:
    """Stores samples that were typed in or sent by the API, as one batch, and queues its scoring."""
    if not samples:
        raise DomainError("Send at least one sample.", code="no_samples")
    return _create_batch(user=user, samples=samples, row_numbers=range(1, len(samples) + 1), source=source)


def _samples_of(table: FnaTable) -> list[SampleInput]:
    rows: NDArray[np.float64] = table.X
    return [
        SampleInput(measurements=row, reference=reference or "", known_outcome=outcome)
        for row, reference, outcome in zip(rows.tolist(), table.sample_ids, table.known_outcomes, strict=True)
    ]


@transaction.atomic
def _create_batch(
    *,
    user: User,
    samples: Sequence[SampleInput],
    row_numbers: Sequence[int],
    source: FnaBatch.Source,
    **about_file: Any,
) -> FnaBatch:
    batch_id = uuid.uuid4()
    job = jobs.enqueue(
        kind=FNA_SCORING,
        subject_id=str(batch_id),
        requested_by=user,
        institution=user.institution,
        total=len(samples),
    )
    batch = FnaBatch(
        public_id=batch_id,
        institution=user.institution,
        created_by=user,
        source=source,
        row_count=len(samples),
        job=job,
        **about_file,
    )
    batch.full_clean()
    batch.save()
    for start in range(0, len(samples), INSERT_CHUNK):
        chunk = slice(start, start + INSERT_CHUNK)
        _insert(batch, samples[chunk], row_numbers[chunk])
    audit.record(
        Action.UPLOAD,
        object_type="fna-batch",
        object_id=batch.public_id,
        detail={"samples": len(samples), "source": str(source), "file_sha256": batch.file_sha256},
    )
    return batch


def _insert(batch: FnaBatch, samples: Sequence[SampleInput], row_numbers: Sequence[int]) -> None:
    cases = Case.objects.bulk_create(
        Case(institution=batch.institution, reference=sample.reference, created_by=batch.created_by)
        for sample in samples
    )
    FnaSample.objects.bulk_create(
        FnaSample(
            case=case,
            batch=batch,
            row_number=row_number,
            measurements=list(sample.measurements),
            known_outcome=sample.known_outcome,
        )
        for case, sample, row_number in zip(cases, samples, row_numbers, strict=True)
    )
