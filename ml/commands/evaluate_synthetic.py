"""`python -m ml evaluate synthetic`: a synthetic set's passport, and whether it may be released."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from ml.commands.console import CommandError, console, progress_bar, write_json
from ml.commands.passport_tables import markdown, tables, verdict_lines
from ml.commands.synthetic_input import read_pictures_at, read_table_with_outcomes
from ml.metrics.images.extractor import Extractor
from ml.metrics.images.inception import inception_extractor
from ml.metrics.images.small_classifier import STEPS
from ml.metrics.images.utility import SEEDS
from ml.release.gate import judge
from ml.release.passport import Passport
from ml.release.pictures import examine_images
from ml.release.tables import examine_tables

BLOCKED = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    what = "CSV of FNA measurements with a diagnosis; pictures: folder by outcome, manifest (.csv) or .npz"
    parser.add_argument("--kind", choices=("fna", "image"), required=True, help="tables or pictures")
    parser.add_argument("--train", type=Path, required=True, help=f"what the generator learnt from ({what})")
    parser.add_argument("--holdout", type=Path, required=True, help="real records of other patients, kept from it")
    parser.add_argument("--synthetic", type=Path, required=True, help="the set to judge")
    parser.add_argument("--size", type=int, default=64, help="pictures: side at which they are compared (64)")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"pictures: of utility's classifiers ({STEPS})")
    parser.add_argument("--classifiers", type=int, default=len(SEEDS), help=f"and how many of them ({len(SEEDS)})")
    parser.add_argument("--seed", type=int, default=0, help="of resampling (0)")
    parser.add_argument("--extractor", choices=("ultrasound", "inception"), default="ultrasound", help="of features")
    parser.add_argument("--extractor-weights", type=Path, metavar="FILE", help="inception: torch-fidelity's weights")
    parser.add_argument("--extractor-sha256", metavar="HEX", help="inception: the SHA-256 the weights must have")
    parser.add_argument("--derived-from-patients", action="store_true", help="each record is a patient's, changed")
    parser.add_argument("--consent", default="", metavar="WORDS", help="on which such records may be passed on")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write passport and verdict here")
    parser.add_argument("--markdown", action="store_true", help="print the passport as Markdown")


def run(arguments: argparse.Namespace) -> int:
    """Examine, print, judge; returns 0 when the set may be released, 3 when it is blocked.

    Raises:
        CommandError: when a file can't be used.
    """
    torch.set_num_threads(1)
    try:
        passport = _pictures(arguments) if arguments.kind == "image" else _table(arguments)
    except ValueError as error:  # DataError is one
        raise CommandError(str(error)) from error
    verdict = judge(passport)
    if arguments.markdown:
        console.print(markdown(passport, verdict), markup=False, soft_wrap=True)
    else:
        for table in tables(passport):
            console.print(table)
        console.print("\n".join(verdict_lines(verdict)), markup=False, soft_wrap=True)
    if arguments.json:
        write_json(arguments.json, {"passport": passport.as_dict(), "verdict": verdict.as_dict()})
    return 0 if verdict.releasable else BLOCKED


def _table(arguments: argparse.Namespace) -> Passport:
    train, holdout, synthetic = (
        read_table_with_outcomes(path) for path in (arguments.train, arguments.holdout, arguments.synthetic)
    )
    if arguments.extractor != "ultrasound":
        raise CommandError("--extractor is for pictures; tables are compared by their measurements")
    with progress_bar("Examining") as progress:
        passport = examine_tables(train, holdout, synthetic, seed=arguments.seed, progress=progress)
    return _told(passport, arguments)


def _pictures(arguments: argparse.Namespace) -> Passport:
    extractor = _extractor(arguments)
    if min(arguments.steps, arguments.classifiers) < 1:
        raise CommandError("--steps and --classifiers must be at least 1")
    if not 16 <= arguments.size <= 512:
        raise CommandError(f"--size lies between 16 and 512 pixels; got {arguments.size}")
    train, holdout, synthetic = (
        read_pictures_at(path, arguments.size) for path in (arguments.train, arguments.holdout, arguments.synthetic)
    )
    with progress_bar("Examining") as progress:
        passport = examine_images(
            train,
            holdout,
            synthetic,
            extractor=extractor,
            seed=arguments.seed,
            progress=progress,
            steps=arguments.steps,
            seeds=range(arguments.classifiers),
        )
    return _told(passport, arguments)


def _extractor(arguments: argparse.Namespace) -> Extractor | None:
    if arguments.extractor == "ultrasound":
        return None
    if arguments.extractor_weights is None or arguments.extractor_sha256 is None:
        raise CommandError("--extractor inception needs --extractor-weights FILE and --extractor-sha256 HEX")
    return inception_extractor(arguments.extractor_weights, arguments.extractor_sha256)


def _told(passport: Passport, arguments: argparse.Namespace) -> Passport:
    """The passport with what only the caller knows of the set."""
    provenance = replace(
        passport.provenance, derived_from_patients=arguments.derived_from_patients, consent=arguments.consent
    )
    return replace(passport, provenance=provenance)
