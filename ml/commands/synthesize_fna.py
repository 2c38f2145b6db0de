"""`python -m ml synthesize fna`: learn a table of FNA measurements and draw a synthetic one."""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.artifacts import ArtifactError
from ml.commands.console import CommandError, console, errors, progress_bar, write_json
from ml.commands.synthetic_input import read_table_with_outcomes
from ml.fna.features import FEATURE_NAMES, LABELS
from ml.gan.generator_file import LARGEST_SEED
from ml.gan.plan import PrivacyBudget
from ml.gan.tabular import ConditionalTabularGAN
from ml.gan.tabular.card import generator_card
from ml.gan.tabular.privacy import MECHANISMS

CODES = ("B", "M")  # of outcomes 0 and 1
DELTA = 1e-5
MOST_ROWS = 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--train", type=Path, help="table to learn from, with a column diagnosis: CSV, TSV or Excel")
    source.add_argument("--model", type=Path, help="draw from this saved generator (.safetensors) instead")
    parser.add_argument("--count", type=int, required=True, help="rows to draw")
    parser.add_argument("--seed", type=int, default=0, help="of the fit and of the rows (0)")
    parser.add_argument("--out", type=Path, required=True, help="CSV to write: thirty measurements and diagnosis M/B")
    parser.add_argument("--malignant", type=float, help="share of malignant rows, 0 to 1 (as in training)")
    parser.add_argument("--epsilon", type=float, help="keep differential privacy for each row at this ε")
    parser.add_argument("--delta", type=float, default=DELTA, help=f"δ of the guarantee ({DELTA:g})")
    parser.add_argument(
        "--mechanism", choices=MECHANISMS, default=MECHANISMS[0], help=f"how privacy is kept ({MECHANISMS[0]})"
    )
    parser.add_argument("--save-model", type=Path, help="also save the generator here (.safetensors, card beside it)")
    parser.add_argument("--json", type=Path, help="write the generator's card and what was drawn here")


def run(arguments: argparse.Namespace) -> None:
    """Learn or load, draw, write.

    Raises:
        CommandError: when the table, the model, an option or the output can't be used.
    """
    _check(arguments)
    model, card = _loaded(arguments) if arguments.model else _learnt(arguments)
    counts = _counts(arguments.count, arguments.malignant, model.counts_)
    try:
        X, y = model.sample(counts, arguments.seed)
    except RuntimeError as error:
        raise CommandError(f"{error}. Learn from more rows, or with a larger ε.") from error
    data = table_csv(X, y)
    try:
        arguments.out.write_bytes(data)
    except OSError as error:
        raise CommandError(f"{arguments.out}: can't be written ({error.strerror})") from error
    if arguments.json:
        drawn = {LABELS[label]: count for label, count in counts.items()}
        written = {"file": arguments.out.name, "sha256": hashlib.sha256(data).hexdigest(), "rows": drawn}
        write_json(arguments.json, {"generator": card, "drawn": {**written, "seed": arguments.seed}})
    console.print(f"{arguments.out}: {counts[0]} benign and {counts[1]} malignant synthetic rows.", soft_wrap=True)
    console.print(card["privacy"]["words"], soft_wrap=True)


def table_csv(X: NDArray[np.float64], y: NDArray[np.int64]) -> bytes:
    """Thirty named measurements (six significant digits) and the diagnosis, M or B."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow((*FEATURE_NAMES, "diagnosis"))
    writer.writerows((*(f"{value:.6g}" for value in row), CODES[label]) for row, label in zip(X, y, strict=True))
    return stream.getvalue().encode()


def _check(arguments: argparse.Namespace) -> None:
    if not 1 <= arguments.count <= MOST_ROWS:
        raise CommandError(f"--count must be 1 to {MOST_ROWS:,} rows; got {arguments.count}")
    if not 0 <= arguments.seed <= LARGEST_SEED:
        raise CommandError(f"--seed lies between 0 and {LARGEST_SEED}; got {arguments.seed}")
    if arguments.malignant is not None and not 0.0 <= arguments.malignant <= 1.0:
        raise CommandError(f"--malignant is a share from 0 to 1; got {arguments.malignant:g}")
    if arguments.model and (arguments.epsilon is not None or arguments.save_model):
        raise CommandError("--epsilon and --save-model belong to learning from --train, not to a saved --model")
    if arguments.save_model and arguments.save_model.suffix != ".safetensors":
        raise CommandError(f"--save-model: a model file's name must end in .safetensors; got {arguments.save_model}")
    for option, path in (("--out", arguments.out), ("--json", arguments.json)):
        if path is not None:
            _check_output(option, path, arguments.train or arguments.model)


def _check_output(option: str, path: Path, source: Path) -> None:
    """Refuse, before any learning, a file that can't be written or is what is read."""
    if path.is_dir():
        raise CommandError(f"{option} {path}: is a folder; name the file to write in it")
    if not path.parent.is_dir():
        raise CommandError(f"{option} {path}: there is no folder {path.parent}; make it first")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise CommandError(f"{option} {path}: can't be written (Permission denied)")
    if path.exists() and source.exists() and path.samefile(source):
        raise CommandError(f"{option} {path}: is the file to read, and would be lost; choose another name")


def _counts(count: int, malignant: float | None, learnt: Mapping[int, int]) -> dict[int, int]:
    share = learnt[1] / sum(learnt.values()) if malignant is None else malignant
    positives = round(share * count)
    return {0: count - positives, 1: positives}


def _loaded(arguments: argparse.Namespace) -> tuple[ConditionalTabularGAN, dict[str, Any]]:
    try:
        model = ConditionalTabularGAN.load(arguments.model)
    except ArtifactError as error:
        raise CommandError(str(error)) from error
    return model, model.card


def _learnt(arguments: argparse.Namespace) -> tuple[ConditionalTabularGAN, dict[str, Any]]:
    X, y = read_table_with_outcomes(arguments.train)
    try:
        budget = None if arguments.epsilon is None else PrivacyBudget(arguments.epsilon, arguments.delta, "row")
    except ValueError as error:
        raise CommandError(f"--epsilon, --delta: {error}") from error
    model = ConditionalTabularGAN(mechanism=arguments.mechanism)
    try:
        with progress_bar("Learning") as progress:
            model.fit(X, y, seed=arguments.seed, privacy=budget, progress=progress)
    except ValueError as error:
        raise CommandError(f"{arguments.train}: {error}") from error
    digest = hashlib.sha256(arguments.train.read_bytes()).hexdigest()
    card = generator_card(model, seed=arguments.seed, source_sha256=digest)
    if arguments.save_model:
        try:
            sha256 = model.save(arguments.save_model, card)
        except OSError as error:
            raise CommandError(f"{arguments.save_model}: can't be written ({error.strerror})") from error
        errors.print(f"{arguments.save_model}: SHA-256 {sha256}")
    return model, card
