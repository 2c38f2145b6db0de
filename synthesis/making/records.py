"""Figures and grids of a training, stored as they come. Storing the same ones again changes nothing."""

import math
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import storages

from jobs.services import ClaimedJob
from synthesis.models import SampleGrid, SyntheticSet, TrainingRecord


class TrainingLog:
    """What the training of one set left so far, in its folder and in the database."""

    def __init__(self, job: ClaimedJob, synthetic_set: SyntheticSet) -> None:
        self._job, self._set = job, synthetic_set
        self._steps = set(synthetic_set.training_records.values_list("step", flat=True))
        self._grids = set(synthetic_set.grids.values_list("step", flat=True))

    def store(self, lines: list[dict[str, Any]], grids: list[Path]) -> None:
        """Adds the lines of stats.jsonl and the grids, named step-000500.png, that are not stored yet.

        Raises:
            LeaseLost: another attempt holds the job; nothing was added.
            CancelRequested: a person asked to stop; likewise.
        """
        new_lines = {line["step"]: line for line in lines if line["step"] not in self._steps}
        new_grids = {step: path for path in grids if (step := _step(path)) not in self._grids}
        if not new_lines and not new_grids:
            return
        stored = {step: self._stored(step, path) for step, path in new_grids.items()}
        try:
            with self._job.writing():
                TrainingRecord.objects.bulk_create(
                    [self._record(line) for line in new_lines.values()], ignore_conflicts=True
                )
                SampleGrid.objects.bulk_create(
                    [SampleGrid(set=self._set, step=step, object_name=name) for step, name in stored.items()],
                    ignore_conflicts=True,
                )
        except BaseException:
            for name in stored.values():  # which no row names
                storages["phi"].delete(name)
            raise
        self._steps |= new_lines.keys()
        self._grids |= new_grids.keys()

    def _record(self, line: dict[str, Any]) -> TrainingRecord:
        # A training that goes astray has losses that are no numbers, for which JSON has no other word than null.
        values = {name: _finite(value) for name, value in line.items() if name not in {"step", "seconds"}}
        return TrainingRecord(set=self._set, step=line["step"], seconds=line["seconds"], values=values)

    def _stored(self, step: int, path: Path) -> str:
        with path.open("rb") as file:
            return storages["phi"].save(f"{self._set.folder}/grids/{step:06d}.png", File(file))


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _step(path: Path) -> int:
    return int(path.stem.partition("-")[2])
