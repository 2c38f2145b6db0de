"""Making a table of FNA measurements: training, sampling, and what the gate looks at."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.errors import UserFacingJobError
from jobs.services import ClaimedJob
from ml.artifacts import ArtifactError
from ml.fna.features import LABELS
from ml.gan.plan import PrivacyBudget
from ml.gan.tabular.card import generator_card
from ml.gan.tabular.generator import ConditionalTabularGAN
from ml.gan.tabular.training import TrainingSettings
from ml.imaging.division import grouped_folds
from synthesis.making.progress import TRAINING, now_and_then, reporter
from synthesis.making.records import TrainingLog
from synthesis.making.workspace import Workspace
from synthesis.models import Effort, SyntheticSet
from synthesis.records.store import table_of
from synthesis.records.tables import FnaRecords

USUAL = TrainingSettings()
STEPS = {Effort.QUICK: USUAL.steps // 2, Effort.STANDARD: USUAL.steps, Effort.THOROUGH: 2 * USUAL.steps}
FOLDS, HELD_OUT = 10, 3  # three tenths are held out
LOG_SECONDS = 5.0  # between looks for new figures
GENERATOR = "generator.safetensors"
GENERATOR_FILES = (GENERATOR, "generator.json")

Table = tuple[NDArray[np.float64], NDArray[np.int64]]


@dataclass(frozen=True)
class Division:
    """The rows that a generator learns from, and those that it never sees."""

    train: Table
    holdout: Table


def division_of(synthetic_set: SyntheticSet) -> Division:
    """The source's rows, those of one patient and identical ones never on both sides; the same for every attempt.

    Raises:
        UserFacingJobError: nothing can be held out of a class.
    """
    records = table_of(synthetic_set.source)
    groups = _joined(records)
    try:
        folds = grouped_folds(records.y, groups, FOLDS, synthetic_set.seed)
    except ValueError as error:
        raise UserFacingJobError(
            "cannot_divide",
            f"The source cannot be divided into rows to learn from and rows to test with: {error}. "
            "Ask an administrator for a source of more patients.",
        ) from error
    held = np.zeros(len(records.y), dtype=np.bool_)
    held[np.concatenate([test for _, test in folds[:HELD_OUT]])] = True
    return Division((records.X[~held], records.y[~held]), (records.X[held], records.y[held]))


def settings_of(synthetic_set: SyntheticSet) -> TrainingSettings:
    """How the generator is trained: settled by the order."""
    return replace(USUAL, steps=STEPS[Effort(synthetic_set.effort)])


def trained(
    job: ClaimedJob, synthetic_set: SyntheticSet, workspace: Workspace, division: Division
) -> ConditionalTabularGAN:
    """The set's generator, trained unless an earlier share did.

    Raises:
        UserFacingJobError: the source does not suit it.
    """
    path = workspace.folder / GENERATOR
    if workspace.has(*GENERATOR_FILES):
        try:
            return ConditionalTabularGAN.load(path)
        except ArtifactError:
            workspace.clear()
    report = reporter(job, TRAINING, "Training: step {done:,} of {total:,}")
    log, lines, is_due = TrainingLog(job, synthetic_set), list[dict[str, Any]](), now_and_then(LOG_SECONDS)
    started = time.monotonic()

    def record(step: int, figures: Mapping[str, float]) -> None:
        lines.append({"step": step, "seconds": round(time.monotonic() - started, 3), **figures})
        if is_due():
            log.store(lines, [])

    X, y = division.train
    try:
        generator = fitted(synthetic_set, X, y, synthetic_set.seed, progress=report, record=record)
    except ValueError as error:
        raise UserFacingJobError(
            "cannot_train", f"The generator cannot learn from this source: {error}. Choose another source."
        ) from error
    card = generator_card(generator, seed=synthetic_set.seed, source_sha256=synthetic_set.source.sha256)
    generator.save(path, card)
    workspace.keep(GENERATOR_FILES, note="Trained.")
    log.store(lines, [])
    return generator


def fitted(
    synthetic_set: SyntheticSet,
    X: NDArray[np.float64],
    y: NDArray[np.int64],
    seed: int,
    *,
    progress: Callable[[int, int], None] | None = None,
    record: Callable[[int, Mapping[str, float]], None] | None = None,
) -> ConditionalTabularGAN:
    """A generator of these rows, trained as the set's own is."""
    budget = None
    if synthetic_set.epsilon is not None and synthetic_set.delta is not None:
        budget = PrivacyBudget(synthetic_set.epsilon, synthetic_set.delta, "row")
    generator = ConditionalTabularGAN(settings_of(synthetic_set))
    return generator.fit(X, y, seed=seed, privacy=budget, progress=progress, record=record)


def sample(synthetic_set: SyntheticSet, generator: ConditionalTabularGAN) -> Table:
    """The ordered rows, in random order; labels as in `LABELS`.

    Raises:
        UserFacingJobError: the generator draws too few rows that can be.
    """
    counts = {label: synthetic_set.counts.get(name, 0) for label, name in enumerate(LABELS)}
    try:
        return generator.sample(counts, synthetic_set.seed)
    except RuntimeError as error:
        raise UserFacingJobError(
            "cannot_draw",
            "What the generator learnt is too rough: hardly any row it draws lies within the measurements' ranges. "
            "Order with more effort, a weaker guarantee, or from a source with more records.",
        ) from error


def _joined(records: FnaRecords) -> NDArray[np.int64]:
    """Group numbers with which identical rows share one as well."""
    groups = records.groups.copy()
    first: dict[bytes, int] = {}
    for row, values in enumerate(records.X):
        other = first.setdefault(values.tobytes(), row)
        if groups[other] != groups[row]:
            groups[groups == groups[row]] = groups[other]
    return groups
