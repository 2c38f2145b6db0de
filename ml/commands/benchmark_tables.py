"""`python -m ml benchmark tables`: the tabular generators on the same folds of WDBC."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path

import sklearn
import torch
from rich import box
from rich.table import Table

from ml.commands.console import CommandError, console, progress_bar, write_json
from ml.fna.reference import SUMMARY
from ml.gan.tabular.benchmark import DELTA, GENERATORS, OURS, REAL, Folds, run_benchmark

Figures = Mapping[str, Mapping[str, Mapping[str, float]]]

_COLUMNS = (
    ("LR acc / AUC", ("logistic_regression_accuracy", "logistic_regression_auc")),
    ("RF acc / AUC", ("random_forest_accuracy", "random_forest_auc")),
    ("CPU s", ("cpu_seconds",)),
    ("DCR", ("dcr",)),
    ("NNDR", ("nndr",)),
    ("KS", ("ks",)),
    ("Δρ pooled / within", ("correlations_pooled", "correlations_within")),
    ("C2ST", ("c2st",)),
)
_ATTACKS = ("distance", "density", "shadow")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--folds", type=int, default=5, help="folds of the cross-validation (5)")
    parser.add_argument("--repeats", type=int, default=1, help="repeats of it (1)")
    parser.add_argument("--first-repeat", type=int, default=0, help="seed of the first repeat; next ones follow")
    parser.add_argument("--only", nargs="+", choices=tuple(GENERATORS), metavar="NAME", help="these generators alone")
    parser.add_argument("--utility-only", action="store_true", help="only train on synthetic, test on real")
    parser.add_argument("--shadows", action="store_true", help="attack by shadow models too (four more fits a fold)")
    parser.add_argument("--jobs", type=int, default=1, help="processes (1, so that CPU times are comparable)")
    parser.add_argument("--json", type=Path, help="write all figures here")


def run(arguments: argparse.Namespace) -> None:
    """Measure, print protocol and tables, write the JSON.

    Raises:
        CommandError: for fewer than two folds or one repeat.
    """
    if arguments.folds < 2 or arguments.repeats < 1 or arguments.first_repeat < 0 or arguments.jobs < 1:
        raise CommandError("--folds must be 2 or more, --repeats and --jobs 1 or more, --first-repeat 0 or more")
    torch.set_num_threads(1)
    repeats = tuple(range(arguments.first_repeat, arguments.first_repeat + arguments.repeats))
    design = Folds(arguments.folds, repeats, arguments.utility_only, arguments.shadows)
    with progress_bar("Measuring") as progress:
        figures = run_benchmark(arguments.only or tuple(GENERATORS), design, jobs=arguments.jobs, progress=progress)
    protocol = _protocol(design)
    console.print("\n".join(protocol.values()), soft_wrap=True)
    for table in _tables(figures, design):
        console.print(table, soft_wrap=True)
    if arguments.json:
        write_json(arguments.json, {"protocol": protocol, "figures": figures})


def _protocol(design: Folds) -> dict[str, str]:
    return {
        "data": f"Data: WDBC, {SUMMARY}.",
        "folds": (
            f"Protocol: {design.folds}-fold stratified cross-validation, repeats (seeds) "
            f"{', '.join(map(str, design.repeats))}; generators are fitted to the training folds and draw as many rows "
            "of each class; TSTR and C2ST are against the fold held out, KS and Δρ against the training folds (for the "
            f"real rows: training folds against the fold held out). The {OURS}'s settings were chosen on folds of "
            "seeds 100 and 101, never on these; so were the shares of the privacy budget. Private fits use fresh "
            f"noise, so their figures differ a little from run to run (δ = {DELTA:g})."
        ),
        "spread": "± standard deviation over folds; [95 % interval of the mean, corrected resampled t].",
        "device": (
            f"Device: CPU, one thread, {platform.machine()}; torch {torch.__version__}, scikit-learn "
            f"{sklearn.__version__}. CPU seconds are of fitting and drawing together."
        ),
    }


def _tables(figures: Figures, design: Folds) -> Iterator[Table]:
    yield _overview(figures)
    yield _gaps(figures)
    if not design.utility_only:
        yield _attacks(figures, design)


def _overview(figures: Figures) -> Table:
    shown = [(title, keys) for title, keys in _COLUMNS if any(keys[0] in row for row in figures.values())]
    table = _table(
        "Train on synthetic, test on real (LR, RF); closeness; fidelity", "generator", *(title for title, _ in shown)
    )
    for name, row in figures.items():
        table.add_row(name, *(_cell(title, keys, row) for title, keys in shown))
    return table


def _cell(title: str, keys: tuple[str, ...], row: Mapping[str, Mapping[str, float]]) -> str:
    if any(key not in row for key in keys) or (title == "CPU s" and not row[keys[0]]["mean"] > 1e-4):
        return "–"
    text = " / ".join(f"{row[key]['mean']:.3f}" for key in keys)
    return f"{text} ± {row[keys[0]]['sd']:.3f}" if title == "C2ST" else text


def _gaps(figures: Figures) -> Table:
    table = _table(
        "Paired gap to real training rows, points of accuracy and of AUC (less is better)",
        *("generator", "LR accuracy", "LR AUC", "RF accuracy", "RF AUC"),
    )
    for name, row in figures.items():
        if name != REAL:
            gaps = [
                row[f"{model}_{figure}_gap"]
                for model in ("logistic_regression", "random_forest")
                for figure in ("accuracy", "auc")
            ]
            cells = (f"{100 * g['mean']:.2f} [{100 * g['low']:.2f}, {100 * g['high']:.2f}]" for g in gaps)
            table.add_row(name, *cells)
    return table


def _attacks(figures: Figures, design: Folds) -> Table:
    attacks = [name for name in _ATTACKS if name != "shadow" or design.shadows]
    titles = [f"{name} attack AUC / TPR at 1 % FPR" for name in attacks]
    table = _table("Membership attacks (0.5 and 0.01 are guessing)", "generator", *titles)
    for name, row in figures.items():
        if name != REAL:
            cells = (f"{row[f'{a}_auc']['mean']:.3f} / {row[f'{a}_tpr']['mean']:.3f}" for a in attacks)
            table.add_row(name, *cells)
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.MARKDOWN)
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right", no_wrap=True)
    return table
