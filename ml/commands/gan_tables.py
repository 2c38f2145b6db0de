"""The tables of `python -m ml benchmark gans`, for the terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

REAL = "real training pictures"
NONE = "–"


@dataclass(frozen=True)
class Sheet:
    """A table before it is drawn."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def table(self) -> Table:
        """For the terminal."""
        drawn = Table(title=self.title, title_justify="left")
        for place, column in enumerate(self.columns):
            drawn.add_column(column, justify="right" if place else "left")
        for row in self.rows:
            drawn.add_row(*row)
        return drawn

    def markdown(self) -> str:
        """For docs/benchmarks.md."""
        lines = [self.columns, ("---",) + ("--:",) * (len(self.columns) - 1), *self.rows]
        return f"### {self.title}\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines)


def sheets(report: dict[str, Any]) -> list[Sheet]:
    """All tables of a benchmark's report that have rows."""
    trials: list[dict[str, Any]] = report["trials"]
    found = [
        _time_and_accuracy(trials, report["real"]),
        _use_and_cost(trials, report["prices"]),
        _optimised(report["optimised"]),
        _likeness(trials, report["real"]),
        _worth(trials, report["real"]),
        _aims(trials, report),
    ]
    return [sheet for sheet in found if sheet.rows]


def _time_and_accuracy(trials: Sequence[dict[str, Any]], real: dict[str, Any]) -> Sheet:
    without = real["all_real"]["accuracy"]
    rows = [
        (
            trial["title"],
            _hours(trial["usage"]["wall_seconds"]),
            f"{trial['seconds'] / 60.0:.2f}",
            f"{trial['epochs']:.0f}",
            f"{trial['convergence']['epochs']:.0f}",
            f"{trial['convergence']['seconds'] / 60.0:.2f}",
            f"{trial['convergence']['best']:.3f}",
            _percent(without),
            _percent(trial["with_synthetic"]["accuracy"]),
        )
        for trial in trials
    ]
    columns: tuple[str, ...] = ("architecture", "hours", "minutes of training steps", "epochs", "epochs to converge")
    columns += ("minutes to converge", "best Fréchet distance", "accuracy %, real alone", "accuracy %, with synthetic")
    return Sheet("Time, epochs to convergence and accuracy", columns, tuple(rows))


def _use_and_cost(trials: Sequence[dict[str, Any]], prices: dict[str, Any]) -> Sheet:
    rows = []
    for trial in trials:
        usage = trial["usage"]
        energy = (
            NONE if usage["energy_kwh"] is None else f"{1000.0 * usage['energy_kwh']:.2f} ({usage['energy_source']})"
        )
        rows.append(
            (
                trial["title"],
                NONE if usage["gpu_percent"] is None else f"{usage['gpu_percent']:.0f}",
                f"{usage['cpu_percent']:.0f}",
                f"{usage['peak_memory'] / 1e9:.2f}",
                NONE if usage["gpu_memory"] is None else f"{usage['gpu_memory'] / 1e9:.2f}",
                f"{trial['bytes_stored'] / 1e6:.1f}",
                f"{trial['bytes_sent'] / 1e6:.2f}",
                energy,
                *(f"{trial['cost'][term]:.4f}" for term in prices["terms"]),
            )
        )
    columns: tuple[str, ...] = (
        "architecture",
        "GPU %",
        "CPU % of one",
        "memory GB",
        "GPU memory GB",
        "MB stored",
        "MB sent",
        "Wh",
    )
    columns += tuple(f"{prices['currency']} {term}" for term in prices["terms"])
    return Sheet("Use and cost", columns, tuple(rows))


def _optimised(pairs: Sequence[dict[str, Any]]) -> Sheet:
    rows = [
        (
            pair["optimised"],
            pair["plain"],
            pair["figure"],
            f"{pair['bar']:.3f}",
            f"{pair['plain_seconds']:.0f}",
            NONE if pair["seconds"] is None else f"{pair['seconds']:.0f}",
            "never reached" if pair["share"] is None else f"{pair['share']:.2f}",
        )
        for pair in pairs
    ]
    columns = (
        "optimised",
        "plain",
        "Fréchet distance",
        "the plain one's best",
        "after s",
        "optimised after s",
        "share",
    )
    return Sheet("Seconds of training until the plain form's best Fréchet distance", columns, tuple(rows))


def _likeness(trials: Sequence[dict[str, Any]], real: dict[str, Any]) -> Sheet:
    rows = []
    for title, quality, score in [
        (REAL, real["quality"], real["score"]),
        *((trial["title"], trial["quality"], trial["score"]) for trial in trials),
    ]:
        frechet, kernel, prdc = quality["frechet"], quality["kid"], quality["prdc"]
        rows.append(
            (
                title,
                f"{frechet['real_synthetic']:.3f}",
                f"{frechet['ratio']:.3f} ± {frechet['spread']:.3f}",
                f"{1000 * kernel['mean']:.2f} [{1000 * kernel['low']:.2f}, {1000 * kernel['high']:.2f}]",
                "yes" if kernel["inside_real_real"] else "no",
                *(f"{prdc[name]:.2f}" for name in ("precision", "recall", "density", "coverage")),
                f"{score:.2f}",
            )
        )
    columns: tuple[str, ...] = (
        "pictures",
        "Fréchet distance",
        "ratio",
        "KID × 1000",
        "inside real-real",
        "precision",
        "recall",
    )
    columns += ("density", "coverage", "score of 3 classes")
    return Sheet("Against held-out real pictures", columns, tuple(rows))


def _worth(trials: Sequence[dict[str, Any]], real: dict[str, Any]) -> Sheet:
    all_real, few_real = real["all_real"]["auc"], real["few_real"]["auc"]
    rows = [(REAL, _auc(all_real), "", _auc(all_real), "", _auc(few_real), "")]
    for trial in trials:
        few = trial["few"]
        rows.append(
            (
                trial["title"],
                _auc(trial["tstr"]["auc"]),
                _points(trial["tstr"]["auc"]["mean"] - all_real["mean"]),
                _auc(trial["with_synthetic"]["auc"]),
                _points(trial["with_synthetic_gain"]["auc"]["mean"]),
                _auc(few["augmented"]["auc"]),
                f"{_points(few['gain']['auc']['mean'])} ± {100 * few['gain']['auc']['std']:.1f}",
            )
        )
    columns: tuple[str, ...] = (
        "trained on",
        "TSTR AUC",
        "against real, points",
        "all real with synthetic, AUC",
        "gain, points",
    )
    columns += ("few real with synthetic, AUC", "gain of the few, points")
    return Sheet("Worth to a classifier", columns, tuple(rows))


def _aims(trials: Sequence[dict[str, Any]], report: dict[str, Any]) -> Sheet:
    """The best architecture for each aim, but for translated patients' pictures, which are no new ones."""
    drawn = [trial for trial in trials if not trial["derived_from_patients"]]
    real = report["real"]["all_real"]["auc"]["mean"]
    interval = report["real"]["quality"]["kid_real_real"]
    figures: dict[str, tuple[Callable[[dict[str, Any]], float], float, str]] = {
        "ratio of Fréchet distances ≥ .80": (lambda trial: trial["quality"]["frechet"]["ratio"], 0.8, ".3f"),
        f"KID × 1000 ≤ {1000 * interval['high']:.2f}, inside the real-real interval": (
            lambda trial: -1000 * trial["quality"]["kid"]["mean"],
            -1000 * interval["high"],
            ".2f",
        ),
        "coverage ≥ .9": (lambda trial: trial["quality"]["prdc"]["coverage"], 0.9, ".2f"),
        "TSTR within 3 AUC points of real": (lambda trial: 100 * (trial["tstr"]["auc"]["mean"] - real), -3.0, "+.1f"),
        "few real pictures gain ≥ 3 AUC points": (lambda trial: 100 * trial["few"]["gain"]["auc"]["mean"], 3.0, "+.1f"),
    }
    rows = []
    for aim, (figure, bound, form) in figures.items() if drawn else ():
        best = max(drawn, key=figure)
        value = figure(best)
        shown = format(-value if aim.startswith("KID") else value, form)
        rows.append((aim, f"{shown} ({best['title']})", _met(value >= bound)))
    for pair in report["optimised"]:
        aim = f"{pair['optimised']} at {pair['plain']}'s best in ≤ ½ of its time, {pair['figure']}"
        reached = "never" if pair["share"] is None else f"{pair['share']:.2f}"
        rows.append((aim, reached, _met(pair["share"] is not None and pair["share"] <= 0.5)))
    return Sheet("Against the aims", ("aim", "best reached", "met"), tuple(rows))


def _met(yes: bool) -> str:
    return "yes" if yes else "no"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600.0:.3f}"


def _percent(spread: dict[str, Any]) -> str:
    return f"{100 * spread['mean']:.1f} ± {100 * spread['std']:.1f}"


def _auc(spread: dict[str, Any]) -> str:
    return f"{spread['mean']:.3f} ± {spread['std']:.3f}"


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}"
