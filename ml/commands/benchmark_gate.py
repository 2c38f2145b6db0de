"""`python -m ml benchmark gate`: honest sets that the release gate must let through, leaks that it must block."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from rich import box
from rich.table import Table

from ml.commands.console import CommandError, console, progress_bar, write_json
from ml.release.trials.pictures import HOLDOUT, LEAKS, SYNTHETIC, TRAIN, picture_trials
from ml.release.trials.running import Trial, summary
from ml.release.trials.tables import LEAKS as TABLE_LEAKS
from ml.release.trials.tables import table_trials

_HONEST = 2  # generators of either kind
_PARTIAL = 3  # partial leaks of pictures


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--kind", choices=("both", "tables", "pictures"), default="both", help="of records (both)")
    parser.add_argument("--honest", type=int, default=20, help="seeds of each honest generator (20)")
    parser.add_argument("--leaks", type=int, default=5, help="seeds of each planted leak (5)")
    parser.add_argument("--gan", type=int, default=3, help="seeds of the tabular GAN, ten seconds each (3)")
    parser.add_argument("--first-seed", type=int, default=0, help="the seeds follow each other from here (0)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every trial here")


def run(arguments: argparse.Namespace) -> int:
    """Run the trials, print the counts; returns 0 when each leak was blocked and no honest set was, else 1.

    Raises:
        CommandError: for counts that leave nothing to try.
    """
    torch.set_num_threads(1)
    first = arguments.first_seed
    honest, leaks, gan = (range(first, first + count) for count in (arguments.honest, arguments.leaks, arguments.gan))
    if min(len(honest), len(leaks)) < 1 or arguments.gan < 0:
        raise CommandError("--honest and --leaks must be 1 or more, --gan 0 or more")
    trials: list[Trial] = []
    if arguments.kind != "pictures":
        total = _HONEST * len(honest) + len(gan) + len(TABLE_LEAKS) * len(leaks)
        trials += _followed("Tables", table_trials(honest_seeds=honest, leak_seeds=leaks, gan_seeds=gan), total)
    if arguments.kind != "tables":
        total = _HONEST * len(honest) + (len(LEAKS) + _PARTIAL) * len(leaks)
        trials += _followed("Pictures", picture_trials(honest_seeds=honest, leak_seeds=leaks), total)
    found = summary(trials)
    _print(found, first)
    if arguments.json:
        write_json(arguments.json, found)
    return 0 if all(trial.right for trial in trials) else 1


def _followed(what: str, trials: Iterator[Trial], total: int) -> list[Trial]:
    done = []
    with progress_bar(what) as progress:
        progress(0, total)
        for trial in trials:
            done.append(trial)
            progress(len(done), total)
    return done


def _print(found: dict[str, Any], first: int) -> None:
    console.print(
        "Tables: WDBC divided 70/30 by each seed, as many synthetic rows as training rows. Pictures: phantoms of "
        f"64 × 64 pixels, {TRAIN} to learn from, {HOLDOUT} held out, {SYNTHETIC} synthetic. Seeds from {first}."
    )
    table = Table(title="The release gate", title_justify="left", box=box.MARKDOWN)
    for column in ("records", "set", "should be", "runs", "blocked", "reasons (runs)"):
        table.add_column(column, justify="right" if column in {"runs", "blocked"} else "left")
    for row in found["rows"]:
        reasons = ", ".join(f"{code} {count}" for code, count in row["reasons"].items())
        wanted = "released" if row["honest"] else "blocked"
        table.add_row(row["kind"], row["name"], wanted, str(row["runs"]), str(row["blocked"]), reasons)
    console.print(table)
    for part in ("planted", "honest"):
        console.print(f"{part}: {found[part]['blocked']} of {found[part]['runs']} blocked")
    for figure, closest in found["closest_honest"].items():
        console.print(
            f"closest honest call, {figure.replace('_', ' ')}: {closest['value']:.4g} against {closest['bound']:.4g} "
            f"({closest['kind']}, {closest['name']}, seed {closest['seed']})"
        )
    weakest = found["weakest_block"]
    console.print(
        f"leak with the fewest reasons: {weakest['kind']}, {weakest['name']}, seed {weakest['seed']}: "
        f"{', '.join(weakest['reasons']) or 'none'}"
    )
