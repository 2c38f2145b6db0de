"""The evaluation's report as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import RenderableType
from rich.table import Table

DECISIONS = ("accuracy", "precision", "recall", "f1")


def tables(report: dict[str, Any]) -> Iterator[RenderableType]:
    """Protocol, then one table after another."""
    protocol = report["protocol"]
    repeats = ", ".join(map(str, protocol["repeats"]))
    yield f"Data: {protocol['data']}."
    yield f"Protocol: {protocol['folds']}-fold cross-validation, repeats (seeds) {repeats}. {protocol['notes']}"
    yield (
        f"Device: {protocol['device']}; torch {protocol['torch']}, scikit-learn {protocol['scikit_learn']}. "
        "In brackets: 95 % interval of the mean over folds (corrected resampled t); ± standard deviation over repeats."
    )
    yield _models(report)
    yield _certainty(report)
    yield _corruptions(report["novelty"])
    if "single_splits" in report:
        yield _splits(report["single_splits"])


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.MARKDOWN)
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right", no_wrap=True)
    return table


def _models(report: dict[str, Any]) -> Table:
    table = _table(
        "Benign or malignant, %",
        *("model", "accuracy", "precision", "recall", "F1", "AUC", "Brier", "ECE %"),
    )
    published = report["published"]
    table.add_row("published, protocol not given", *(_percent(published[name]) for name in DECISIONS))
    for name, figures in report["models"].items():
        _add_model(table, name, figures)
    table.add_row("… a single member", _percent(report["single_member"]["accuracy"]))
    for name, figures in report.get("ablations", {}).items():
        _add_model(table, f"… {name}", figures)
    return table


def _add_model(table: Table, name: str, figures: dict[str, Any]) -> None:
    accuracy = figures["accuracy"]
    table.add_row(
        name,
        f"{_percent(accuracy['mean'])} [{_percent(accuracy['low'])}, {_percent(accuracy['high'])}]",
        *(_percent(figures[key]["mean"]) for key in DECISIONS[1:]),
        f"{figures['auc']['mean']:.4f}",
        f"{figures['brier']['mean']:.4f} ± {figures['brier']['sd']:.4f}",
        f"{_percent(figures['ece']['mean'])} ± {_percent(figures['ece']['sd'])}",
    )
    before = figures.get("before_calibration")
    if before:
        label = "… before calibration"
        table.add_row(label, "", "", "", "", "", f"{before['brier']:.4f}", _percent(before["ece"]))
    if "ece_if_perfect" in figures:
        label = "… from sampling alone"
        table.add_row(label, "", "", "", "", "", "", _percent(figures["ece_if_perfect"]))


def _certainty(report: dict[str, Any]) -> Table:
    table = _table("Prediction sets and referral, %", "figure", "value")
    conformal = report["conformal"]
    for name, label in (
        ("coverage", "coverage of the prediction sets (promised: 95)"),
        ("coverage_benign", "… of benign cases"),
        ("coverage_malignant", "… of malignant cases"),
        ("singletons", "sets of one label"),
        ("accuracy_of_singletons", "… their accuracy"),
    ):
        table.add_row(label, _percent(conformal[name]))
    for share, accuracy in report["referral"].items():
        table.add_row(f"accuracy on the rest after referring {share}", _percent(accuracy))
    return table


def _corruptions(novelty: dict[str, Any]) -> Table:
    table = _table(
        f"Damaged rows against genuine ones; {novelty['genuine_refused']:.2%} of genuine rows refused",
        *("damage", "AUROC", "lowest repeat", "refused %"),
    )
    for kind, figures in novelty["kinds"].items():
        table.add_row(kind, f"{figures['auroc']:.4f}", f"{figures['auroc_lowest']:.4f}", _percent(figures["refused"]))
    return table


def _splits(splits: dict[str, Any]) -> Table:
    table = _table(
        f"Of {len(splits['splits'])} single 80/20 splits, those that reach {_percent(splits['accuracy'])} %",
        *("model", "share %"),
    )
    table.add_row("autoencoder-GAN, five members", _percent(splits["share"]["ours"]))
    table.add_row("logistic regression", _percent(splits["share"]["logistic_regression"]))
    return table


def _percent(share: float) -> str:
    return f"{100 * share:.2f}"
