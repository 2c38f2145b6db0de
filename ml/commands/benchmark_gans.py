"""`python -m ml benchmark gans`: all architectures on one data set and one device, in one run."""

from __future__ import annotations

import argparse
import platform
import tempfile
from pathlib import Path
from typing import Any

import torch

from ml.commands.console import CommandError, console, progress_bar, write_json
from ml.commands.gan_tables import sheets
from ml.commands.train_image import read_or_fail
from ml.gan.architectures import ARCHITECTURES
from ml.gan.benchmarking.convergence import NEAR, seconds_to_reach
from ml.gan.benchmarking.judge import CLASS_FIGURE
from ml.gan.benchmarking.trial import SAMPLES, Conditions, RealReference, finished, run_trial
from ml.gan.pictures import divide, training_pictures
from ml.gan.plan import SIZES
from ml.metrics.images.extractor import default_extractor, described
from ml.metrics.images.small_classifier import DESCRIPTION, STEPS
from ml.metrics.images.utility import SEEDS
from ml.training.accounting import PriceSheet, PriceSheetError
from ml.training.accounting.prices import EXAMPLE_SHEET, TERMS, machine_class
from ml.training.device import choose_device

OPTIMISED = {"optimized-dcgan": "dcgan", "optimized-cgan": "cgan"}
FIGURES = {"frechet": "over all classes", CLASS_FIGURE: "mean of the classes'"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--data", type=Path, required=True, help="real pictures: a folder, a manifest or an array file")
    parser.add_argument("--size", type=int, default=64, choices=SIZES, help="the pictures' side in pixels (64)")
    parser.add_argument(
        "--architectures", default=",".join(ARCHITECTURES), help=f"comma-separated ({','.join(ARCHITECTURES)})"
    )
    parser.add_argument("--minutes-each", type=float, help="of training steps (each architecture's standard effort)")
    parser.add_argument("--steps", type=int, help="training steps for each, in place of minutes")
    parser.add_argument("--threads", type=int, default=1, help="of the CPU, for training (1)")
    parser.add_argument("--seed", type=int, default=0, help="of the division, the trainings and the samples (0)")
    parser.add_argument("--device", choices=("cpu", "cuda", "mps"), help="where to train (the best there is)")
    parser.add_argument("--prices", type=Path, default=EXAMPLE_SHEET, help="price sheet (the example sheet)")
    parser.add_argument("--classifier-steps", type=int, default=STEPS, help=f"of the small classifier ({STEPS})")
    parser.add_argument("--out", type=Path, help="folder for trainings and grids; finished ones aren't done again")
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")


def run(arguments: argparse.Namespace) -> None:
    """Train what isn't finished, measure, print, write.

    Raises:
        CommandError: when the options, the pictures, the price sheet or a kept training can't be used.
    """
    names = _names(arguments)
    torch.set_num_threads(arguments.threads)
    try:
        prices = PriceSheet.load(arguments.prices)
        conditions = _conditions(arguments)
        if arguments.out is not None:
            report = _benchmark(names, conditions, prices, arguments.out, arguments)
        else:
            with tempfile.TemporaryDirectory(prefix="lobule-benchmark-") as folder:
                report = _benchmark(names, conditions, prices, Path(folder), arguments)
    except PriceSheetError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{error.filename or arguments.out}: can't be written ({error.strerror})") from error
    except ValueError as error:  # CheckpointError is one
        raise CommandError(str(error)) from error
    _show(report, markdown=arguments.markdown)
    if arguments.json:
        write_json(arguments.json, report)


def _names(arguments: argparse.Namespace) -> list[str]:
    names = [name.strip() for name in arguments.architectures.split(",") if name.strip()]
    unknown = [name for name in names if name not in ARCHITECTURES]
    if unknown or not names:
        raise CommandError(f"--architectures: {unknown[:1] or 'none'}; choose among {', '.join(ARCHITECTURES)}")
    if arguments.minutes_each is not None and arguments.steps is not None:
        raise CommandError("give --minutes-each or --steps, not both")
    for option in ("minutes_each", "steps", "threads", "classifier_steps"):
        value = getattr(arguments, option)
        if value is not None and value <= 0:
            raise CommandError(f"--{option.replace('_', '-')} must be above 0; got {value}")
    return names


def _conditions(arguments: argparse.Namespace) -> Conditions:
    pictures = training_pictures(read_or_fail(arguments.data), arguments.size)
    train, holdout = divide(pictures, seed=arguments.seed)
    return Conditions(
        train=train,
        holdout=holdout,
        size=arguments.size,
        minutes=arguments.minutes_each,
        steps=arguments.steps,
        seed=arguments.seed,
        device=choose_device(arguments.device),
        extractor=default_extractor(),
        seeds=SEEDS,
        classifier_steps=arguments.classifier_steps,
    )


def _benchmark(
    names: list[str], conditions: Conditions, prices: PriceSheet, folder: Path, arguments: argparse.Namespace
) -> dict[str, Any]:
    trials = []
    with progress_bar("Real pictures' own figures") as progress:
        progress(0, 1)
        reference = RealReference.measure(conditions)
        progress(1, 1)
    for name in names:
        trial = finished(name, conditions, folder)
        if trial is None:
            with progress_bar(f"Training {name}") as progress:
                trial = run_trial(name, conditions, reference, folder, progress)
        trials.append(_priced(trial, prices))
    return {
        "protocol": _protocol(conditions, prices, arguments),
        "prices": {"sheet": prices.describe(), "currency": prices.currency, "terms": list(TERMS)},
        "real": reference.figures(conditions),
        "trials": trials,
        "optimised": _pairs({trial["architecture"]: trial for trial in trials}),
        "grids": {name: f"{name}/{SAMPLES}" for name in names},
    }


def _priced(trial: dict[str, Any], prices: PriceSheet) -> dict[str, Any]:
    machine = _machine()
    seconds, stored, sent = trial["usage"]["wall_seconds"], trial["bytes_stored"], trial["bytes_sent"]
    return {**trial, "machine": machine, "cost": prices.cost(machine, seconds, stored=stored, sent=sent)}


def _machine() -> str:
    if not torch.cuda.is_available():
        return machine_class(None)
    return machine_class(torch.cuda.get_device_properties(0).total_memory)


def _pairs(trials: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """How soon the optimised forms come to the plain ones' best."""
    pairs = []
    for optimised, plain in OPTIMISED.items():
        if optimised not in trials or plain not in trials:
            continue
        for figure, words in FIGURES.items():
            best = min(trials[plain]["curve"], key=lambda line: line[figure])
            seconds = seconds_to_reach(trials[optimised]["curve"], figure, best[figure])
            pairs.append(
                {
                    "optimised": trials[optimised]["title"],
                    "plain": trials[plain]["title"],
                    "figure": words,
                    "bar": best[figure],
                    "plain_seconds": best["seconds"],
                    "seconds": seconds,
                    "share": None if seconds is None else seconds / best["seconds"],
                }
            )
    return pairs


def _protocol(conditions: Conditions, prices: PriceSheet, arguments: argparse.Namespace) -> str:
    train, holdout = conditions.train, conditions.holdout
    told = f"{arguments.minutes_each:g} minutes of training steps each" if arguments.minutes_each else "standard effort"
    told = f"{arguments.steps} steps each" if arguments.steps else told
    counted = ", ".join(f"{count} {name}" for name, count in train.counts.items())
    held = ", ".join(f"{count} {name}" for name, count in holdout.counts.items())
    few = "100" if len(train) > 100 else str(len(train))
    return (
        f"Data: {arguments.data.name}, {conditions.size} × {conditions.size} pixels; trained on {len(train)} "
        f"({counted}), held out {len(holdout)} ({held}), near duplicates kept together. {told}, no early stopping; "
        f"seed {conditions.seed}. As many synthetic pictures as trained on, of the same mix. Features: "
        f"{described(conditions.extractor)}; its Fréchet distances compare only with the same name and hash. While "
        f"training, quality is judged on the training pictures (512 samples, about thirty times); converged: "
        f"within {NEAR - 1:.0%} of the best. Hours, CPU, memory, energy and cost include judging, the minutes of "
        f"training steps don't. All else is measured on the held-out pictures. Classifier: {DESCRIPTION}, seeds "
        f"{', '.join(map(str, conditions.seeds))}; few: {few} real pictures drawn by seed, beside synthetic ones of a "
        f"generator that learnt from all {len(train)}. ± is the standard deviation over seeds, of the ratio over ten "
        f"draws of equal size. Sent: the packed set (PNG, DICOM, archive). Prices: {prices.describe()}, machine class "
        f"{_machine()}. Device: {conditions.device.describe()}, {torch.get_num_threads()} thread(s), "
        f"{platform.processor() or platform.machine()}; torch {torch.__version__}."
    )


def _show(report: dict[str, Any], *, markdown: bool) -> None:
    if markdown:
        console.print("> " + report["protocol"], soft_wrap=True, markup=False, highlight=False)
        for sheet in sheets(report):
            console.print("\n" + sheet.markdown(), soft_wrap=True, markup=False, highlight=False)
        return
    console.print(report["protocol"], markup=False, highlight=False)
    for sheet in sheets(report):
        console.print(sheet.table())
