"""`python -m ml evaluate fna`: the classifier's figures beside the published ones and other classifiers'."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch

from ml.commands.console import CommandError, console, progress_bar, write_json
from ml.commands.evaluation_tables import tables
from ml.fna.classifier import AutoencoderGANClassifier
from ml.fna.evaluation.cross_validation import Protocol
from ml.fna.evaluation.parallel import available_processors
from ml.fna.evaluation.report import Evaluation, evaluate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--folds", type=int, default=10, help="folds of the cross-validation")
    parser.add_argument("--repeats", type=int, default=5, help="repeats of it")
    parser.add_argument("--first-repeat", type=int, default=0, help="seed of the first repeat; next ones follow")
    parser.add_argument("--splits", type=int, default=100, help="single 80/20 splits, 0 for none")
    parser.add_argument("--no-baselines", action="store_true", help="leave the other classifiers out")
    parser.add_argument("--ablations", action="store_true", help="also measure the design without its parts")
    parser.add_argument("--steps", type=int, help="optimiser steps (the design's)")
    parser.add_argument("--members", type=int, help="ensemble members (the design's)")
    parser.add_argument("--jobs", type=int, default=available_processors(), help="processes")
    parser.add_argument("--json", type=Path, help="write all figures here")


def run(arguments: argparse.Namespace) -> None:
    """Measure, print the tables, write the JSON.

    Raises:
        CommandError: for fewer than two folds or one repeat.
    """
    if arguments.folds < 2 or arguments.repeats < 1:
        raise CommandError("cross-validation needs --folds 2 or more and --repeats 1 or more")
    torch.set_num_threads(1)
    classifier = AutoencoderGANClassifier()
    chosen: dict[str, Any] = {
        name: getattr(arguments, name) for name in ("steps", "members") if getattr(arguments, name) is not None
    }
    classifier.set_params(**chosen)
    first = arguments.first_repeat
    evaluation = Evaluation(
        protocol=Protocol(arguments.folds, tuple(range(first, first + arguments.repeats))),
        splits=arguments.splits,
        baselines=not arguments.no_baselines,
        ablations=arguments.ablations,
        jobs=arguments.jobs,
    )
    report = evaluate(classifier, evaluation, progress_bar)
    for table in tables(report):
        console.print(table)
    if arguments.json:
        write_json(arguments.json, report)
