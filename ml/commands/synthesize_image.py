"""`python -m ml synthesize image`: train a generator on one's own pictures and draw a labelled set from it."""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from ml.artifacts import ArtifactError
from ml.commands.console import CommandError, console, progress_bar
from ml.commands.train_image import read_or_fail
from ml.gan.architectures import ARCHITECTURES
from ml.gan.folder import LABELS, write_folder
from ml.gan.generator_file import GENERATOR, LARGEST_SEED, TrainedGenerator
from ml.gan.mix import mixed_counts
from ml.gan.pictures import TrainingPictures, training_pictures
from ml.gan.plan import EFFORTS, SIZES, PrivacyBudget, TrainingPlan, default_plan
from ml.gan.training import GRIDS, Aborted, train
from ml.training.device import choose_device

TRAINING = "training"
DELTA = 1e-5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--architecture", metavar="NAME", help=f"one of {', '.join(ARCHITECTURES)}")
    parser.add_argument(
        "--data",
        type=Path,
        help="pictures to learn from: folder with benign and malignant (and normal) below, .csv, .npz",
    )
    parser.add_argument("--count", type=int, required=True, metavar="N", help="pictures to draw")
    parser.add_argument("--seed", type=int, default=0, help="of the training and of the pictures drawn (0)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the set")
    parser.add_argument("--size", type=int, default=64, choices=SIZES, help="side of the pictures in pixels (64)")
    parser.add_argument("--effort", default="standard", choices=EFFORTS, help="how long to train (standard)")
    parser.add_argument("--steps", type=int, help="training steps, instead of an effort's")
    parser.add_argument("--epsilon", type=float, help="train with differential privacy at this ε")
    parser.add_argument("--delta", type=float, default=DELTA, help=f"and this δ ({DELTA:g})")
    parser.add_argument(
        "--checkpoints", type=Path, metavar="DIR", help="folder of the training; a stopped one goes on (OUT/training)"
    )
    parser.add_argument("--model", type=Path, metavar="FILE", help="draw from this generator, without training")
    parser.add_argument(
        "--mix", action="append", default=[], metavar="CLASS=SHARE", help="share of a class, 0 to 1; repeatable"
    )
    parser.add_argument("--device", choices=("cpu", "cuda", "mps"), help="where to train (the best there is)")


def run(arguments: argparse.Namespace) -> None:
    """Train or load a generator, draw, and write the set.

    Raises:
        CommandError: when the options, the pictures or the folders can't be used.
    """
    if arguments.device in {None, "cpu"} and not torch.cuda.is_available():
        torch.set_num_threads(1)
    _check_options(arguments)
    shares = _shares(arguments.mix)
    _check_out(arguments.out)
    try:
        if arguments.model is not None:
            generator, sources = _loaded(arguments)
        else:
            generator, sources = _trained(arguments, shares)
        counts = mixed_counts(arguments.count, generator.card["trained_on"]["counts"], shares)
        batches = generator.sample_batches(counts, arguments.seed, sources=sources)
        with progress_bar("Drawing") as progress:
            write_folder(arguments.out, _counted(batches, progress, arguments.count), generator.classes)
    except OSError as error:
        raise CommandError(f"{error.filename or arguments.out}: can't be written ({error.strerror})") from error
    except ValueError as error:  # ArtifactError, CheckpointError and DataError are
        raise CommandError(str(error)) from error
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    console.print(f"{arguments.out}: {told}; labels in {LABELS}", soft_wrap=True, markup=False)
    if generator.derived_from_patients:
        console.print(generator.card["warning"], soft_wrap=True)


def _check_options(arguments: argparse.Namespace) -> None:
    if arguments.model is None and (arguments.architecture is None or arguments.data is None):
        raise CommandError("give --architecture and --data to train a generator, or --model to draw from a saved one")
    if arguments.count < 1:
        raise CommandError(f"--count must be at least 1; got {arguments.count}")
    if arguments.steps is not None and arguments.steps < 1:
        raise CommandError(f"--steps must be at least 1; got {arguments.steps}")
    if not 0 <= arguments.seed <= LARGEST_SEED:
        raise CommandError(f"--seed lies between 0 and {LARGEST_SEED}; got {arguments.seed}")


def _check_out(folder: Path) -> None:
    """Refuse, before any training, a folder that can't be written or holds a set already."""
    if (folder / LABELS).exists():
        raise CommandError(f"{folder}: holds a set already; choose another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"{folder}: can't be made ({error.strerror})") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CommandError(f"{folder}: can't be written to")


def _shares(told: list[str]) -> dict[str, float]:
    shares = {}
    for entry in (part for given in told for part in given.split(",")):
        name, _, share = entry.partition("=")
        try:
            shares[name.strip()] = float(share)
        except ValueError as error:
            raise CommandError(f"--mix takes CLASS=SHARE, such as malignant=0.5; got {entry!r}") from error
    return shares


def _loaded(arguments: argparse.Namespace) -> tuple[TrainedGenerator, TrainingPictures | None]:
    generator = TrainedGenerator.load(arguments.model)
    if "trained_on" not in generator.card:
        raise ArtifactError(f"{arguments.model}: its card doesn't say what it was trained on")
    if not generator.derived_from_patients:
        return generator, None
    if arguments.data is None:
        raise CommandError(f"{generator.architecture} translates real pictures: give them with --data")
    return generator, training_pictures(read_or_fail(arguments.data), generator.size)


def _trained(
    arguments: argparse.Namespace, shares: dict[str, float]
) -> tuple[TrainedGenerator, TrainingPictures | None]:
    plan, device = _plan(arguments), choose_device(arguments.device)
    found = read_or_fail(arguments.data)
    pictures = training_pictures(found, plan.size)
    if len(pictures.classes) < 2:
        raise CommandError(
            f"{arguments.data}: all pictures are {pictures.classes[0]}; a labelled set needs pictures of two classes"
        )
    mixed_counts(arguments.count, pictures.counts, shares)  # refuses a wrong mix before hours of training
    if plan.privacy is not None and found.groups is not None:
        plan = replace(plan, privacy=replace(plan.privacy, unit="patient"))
    folder = arguments.checkpoints or arguments.out / TRAINING
    with progress_bar(f"Training {plan.architecture}") as progress, _interruptible() as stopped:
        try:
            generator = train(pictures, plan, folder, device=device, progress=progress, abort=stopped)
        except Aborted as error:
            raise CommandError(f"{error}; the same command goes on from there") from error
    console.print(f"{folder / GENERATOR}: SHA-256 {generator.sha256}; samples in {folder / GRIDS}", soft_wrap=True)
    return generator, pictures if generator.derived_from_patients else None


def _plan(arguments: argparse.Namespace) -> TrainingPlan:
    privacy = None
    if arguments.epsilon is not None:
        privacy = PrivacyBudget(arguments.epsilon, arguments.delta, "picture")
    plan = default_plan(arguments.architecture, arguments.size, arguments.effort, seed=arguments.seed, privacy=privacy)
    return plan if arguments.steps is None else plan.with_steps(arguments.steps)


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Ctrl-C is asked for between steps, so that the checkpoint is one of whole steps; a second one ends at once."""
    asked = False

    def ask(number: int, frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


def _counted(
    batches: Iterator[tuple[torch.Tensor, torch.Tensor]], progress: Callable[[int, int], None], total: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    done = 0
    for pixels, labels in batches:
        yield pixels, labels
        done += len(labels)
        progress(done, total)
