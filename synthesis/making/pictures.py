"""Making a set of pictures: training in shares, sampling, and what the gate looks at."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from jobs.errors import LeaseLost, MoreToDo, UserFacingJobError
from jobs.services import ClaimedJob
from ml.gan.checkpoint import CheckpointError
from ml.gan.generator_file import GENERATOR, TrainedGenerator
from ml.gan.pictures import LabelledPictures, TrainingPictures, divide, training_pictures
from ml.gan.plan import Effort, PrivacyBudget, TrainingPlan, Unit, default_plan
from ml.gan.stats import read_lines
from ml.gan.training import GRIDS, Paused, train
from synthesis.making.progress import SAMPLING, TRAINING, now_and_then, reporter
from synthesis.making.records import TrainingLog
from synthesis.making.workspace import Workspace
from synthesis.models import SyntheticSet
from synthesis.publishing.samples import StoredSamples, store_samples
from synthesis.records.store import pictures_of

SHARE_SECONDS = 240.0
LOG_SECONDS = 10.0  # between looks for new figures and grids
SAMPLED_AT_ONCE = 64
CHECKPOINT_FILES = ("checkpoint.safetensors", "stats.jsonl")
GENERATOR_FILES = (GENERATOR, GENERATOR.replace(".safetensors", ".json"))


@dataclass(frozen=True)
class Division:
    """The pictures that a generator learns from, and those that it never sees."""

    train: TrainingPictures
    holdout: TrainingPictures


def division_of(synthetic_set: SyntheticSet) -> Division:
    """The ordered classes of the source, patients and near duplicates never on both sides.

    The same for every attempt: it depends on the source and the set's seed alone.

    Raises:
        UserFacingJobError: nothing can be held out of a class.
    """
    assert synthetic_set.size is not None  # a constraint of the table
    with pictures_of(synthetic_set.source, synthetic_set.classes) as pictures:
        try:
            squares = training_pictures(pictures, synthetic_set.size)
            learnt, held_out = divide(squares, seed=synthetic_set.seed)
        except ValueError as error:
            raise UserFacingJobError(
                "cannot_divide",
                f"The source cannot be divided into pictures to learn from and pictures to test with: {error}. "
                "Ask an administrator for a source of more patients.",
            ) from error
    return Division(learnt, held_out)


def plan_of(synthetic_set: SyntheticSet) -> TrainingPlan:
    """How the set's generator is trained: settled by the order."""
    assert synthetic_set.size is not None
    return default_plan(
        synthetic_set.architecture,
        synthetic_set.size,
        cast("Effort", synthetic_set.effort),
        seed=synthetic_set.seed,
        privacy=budget_of(synthetic_set),
    )


def budget_of(synthetic_set: SyntheticSet) -> PrivacyBudget | None:
    """The ordered guarantee; it covers all pictures of a patient, where the source says whose they are."""
    if synthetic_set.epsilon is None or synthetic_set.delta is None:
        return None
    unit: Unit = "picture" if synthetic_set.source.patients is None else "patient"
    return PrivacyBudget(synthetic_set.epsilon, synthetic_set.delta, unit)


def train_a_share(job: ClaimedJob, synthetic_set: SyntheticSet, workspace: Workspace, division: Division) -> None:
    """Trains for `SHARE_SECONDS`, or to the end; figures and grids are stored as they come.

    Raises:
        MoreToDo: the share is done and the training is not over.
        UserFacingJobError: the source does not suit the architecture.
    """
    log = TrainingLog(job, synthetic_set)
    report = reporter(job, TRAINING, "Training: step {done:,} of {total:,}")
    look_is_due = now_and_then(LOG_SECONDS)
    folder = workspace.folder

    def progress(done: int, total: int) -> None:
        report(done, total)
        if look_is_due():
            log.store(*_log_of(folder))

    job.report_progress(job.progress_done, note="Training begins." if not workspace.has(*CHECKPOINT_FILES) else "")
    try:
        train(division.train, plan_of(synthetic_set), folder, progress=progress, seconds=SHARE_SECONDS)
    except Paused as pause:
        workspace.keep(CHECKPOINT_FILES, note="Training goes on in a moment.")
        log.store(*_log_of(folder))
        raise MoreToDo from pause
    except CheckpointError as error:
        # Damaged, or of another release that trains otherwise: begin again rather than never.
        workspace.clear()
        raise MoreToDo from error
    except ValueError as error:
        raise UserFacingJobError(
            "cannot_train", f"This generator cannot learn from this source: {error}. Order with another one."
        ) from error
    except LeaseLost:
        raise
    except BaseException:
        # Asked to stop, or the machine goes down: what was learnt so far is not lost.
        workspace.keep_when_stopped(CHECKPOINT_FILES)
        raise
    workspace.keep((*GENERATOR_FILES, *CHECKPOINT_FILES), note="Trained.")
    log.store(*_log_of(folder))


def sample(
    job: ClaimedJob, synthetic_set: SyntheticSet, generator: TrainedGenerator, sources: TrainingPictures
) -> None:
    """Draws the ordered pictures and stores them, in the order of `SyntheticSet.classes`."""
    report = reporter(job, SAMPLING, "Drawing: {done:,} of {total:,}")
    # The classes of a generator are the ordered ones, in the same order.
    assert generator.classes == synthetic_set.classes

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        done = 0
        drawn = generator.sample_batches(
            synthetic_set.counts,
            synthetic_set.seed,
            SAMPLED_AT_ONCE,
            sources if generator.derived_from_patients else None,
        )
        for pixels, labels in drawn:
            done += len(labels)
            report(done, synthetic_set.total)
            yield pixels, labels

    store_samples(synthetic_set, batches())


def stored_pictures(synthetic_set: SyntheticSet) -> LabelledPictures:
    """The pictures that were drawn, as the gate takes them."""
    pixels, labels = zip(*StoredSamples(synthetic_set), strict=True)
    return LabelledPictures(torch.cat(pixels), torch.cat(labels), synthetic_set.classes)


def _log_of(folder: Path) -> tuple[list[dict[str, Any]], list[Path]]:
    return read_lines(folder), sorted((folder / GRIDS).glob("step-*.png"))
