"""`python -m ml evaluate image`: grouped cross-validation beside ResNet-18, with refusals, marks and evidence."""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import torch

from ml.commands.console import CommandError, console, progress_bar, write_json
from ml.commands.image_tables import tables
from ml.commands.train_image import CHOICES, chosen_classifier, read_or_fail
from ml.imaging.data import DataError, PictureSet
from ml.imaging.evaluation.folds import FoldPlan, Kind, fit_fold, prepare_school
from ml.imaging.evaluation.material import material
from ml.imaging.evaluation.report import report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--data", type=Path, required=True, help="pictures with outcomes, as for `train image`")
    parser.add_argument("--modality", default="US", help="of the pictures, as DICOM writes it (US)")
    parser.add_argument(
        "--exclude", action="append", default=[], metavar="NAME", help="leave this file out; repeatable"
    )
    parser.add_argument("--folds", type=int, default=5, help="folds of the cross-validation")
    parser.add_argument("--seed", type=int, default=0, help="that shuffles the folds")
    parser.add_argument("--keep", type=Path, help="folder that keeps the folds' models, so that a run can resume")
    parser.add_argument("--baseline-steps", type=int, default=400, help="ResNet-18's optimiser steps, 0 for none")
    parser.add_argument("--masks", type=Path, help="folder of pictures of the set with `…_mask.png` outlines")
    parser.add_argument("--others", type=Path, action="append", default=[], help="folder of other pictures; repeatable")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--device", choices=("cpu", "cuda", "mps"), help="where to train (the best there is)")
    parser.add_argument("--json", type=Path, help="write all figures here")
    for name in CHOICES:
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, help=f"{name.replace('_', ' ')} (the design's)")


def run(arguments: argparse.Namespace) -> None:
    """Fit what isn't kept yet, sum up, print, write.

    Raises:
        CommandError: when the pictures can't be used or divided.
    """
    if arguments.folds < 2:
        raise CommandError("cross-validation needs --folds 2 or more")
    pictures = read_or_fail(arguments.data)
    if arguments.keep is not None:
        arguments.keep.mkdir(parents=True, exist_ok=True)
        _evaluate(arguments, pictures, arguments.keep)
        return
    with tempfile.TemporaryDirectory(prefix="lobule-folds-") as folder:
        _evaluate(arguments, pictures, Path(folder))


def _evaluate(arguments: argparse.Namespace, pictures: PictureSet, folder: Path) -> None:
    classifier = chosen_classifier(arguments, arguments.modality.upper())
    plan = FoldPlan(classifier, folder, arguments.seed, arguments.baseline_steps)
    side = classifier.design().canvas_side
    torch.set_num_threads(1)
    with progress_bar("Learning from phantoms") as progress:
        finder = prepare_school(plan, progress).finder(classifier.design().shape)
    try:
        ready = material(pictures, side, finder, folds=arguments.folds, seed=arguments.seed, exclude=arguments.exclude)
    except (DataError, ValueError) as error:
        raise CommandError(str(error)) from error
    kinds: list[Kind] = ["ensemble", "resnet"] if arguments.baseline_steps else ["ensemble"]
    units = [(kind, fold) for kind in kinds for fold in range(arguments.folds) if not plan.path(kind, fold).exists()]
    with progress_bar("Fitting the folds") as progress:
        spawning = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(max(1, arguments.jobs), mp_context=spawning) as pool:
            waiting = [
                pool.submit(_fit, unit, plan, pictures, tuple(arguments.exclude), arguments.folds) for unit in units
            ]
            progress(0, len(waiting))
            for done, future in enumerate(as_completed(waiting), start=1):
                future.result()
                progress(done, len(waiting))
    figures = report(
        plan,
        ready,
        baseline=bool(arguments.baseline_steps),
        masks=arguments.masks,
        others=arguments.others,
        bars=progress_bar,
    )
    for table in tables(figures):
        console.print(table)
    if arguments.json:
        write_json(arguments.json, figures)


def _fit(unit: tuple[Kind, int], plan: FoldPlan, pictures: PictureSet, exclude: tuple[str, ...], folds: int) -> None:
    """One fold's model, in a process of its own."""
    torch.set_num_threads(1)
    side = plan.classifier.design().canvas_side
    school = prepare_school(plan)
    finder = school.finder(plan.classifier.design().shape)
    ready = material(pictures, side, finder, folds=folds, seed=plan.seed, exclude=exclude)
    fit_fold(*unit, plan, ready, school=school)
