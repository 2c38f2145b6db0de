"""An image evaluation's report as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import RenderableType
from rich.table import Table


def tables(figures: dict[str, Any]) -> Iterator[RenderableType]:
    """Protocol, then one table after another."""
    yield f"Protocol: {figures['protocol']}."
    grouping = figures["near_duplicates"]
    yield (
        f"Near duplicates: {grouping['groups_of_several']} groups of several hold {grouping['pictures_in_them']} "
        f"pictures, the largest {grouping['largest']}. Device: {figures['device']}; torch {figures['torch']}. "
        "In brackets: 95 % intervals."
    )
    yield _models(figures)
    yield _decisions(figures)
    yield _certainty(figures)
    yield _subgroups(figures["subgroups"])
    yield _shifts(figures["shifts"])
    yield _strangers(figures["novelty"])
    if "evidence" in figures:
        yield _evidence(figures["evidence"])


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.MARKDOWN)
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right", no_wrap=True)
    return table


def _models(figures: dict[str, Any]) -> Table:
    table = _table("Area under the ROC curve", "model", "malignant against the rest", "against benign lesions")
    ours, baseline, marks = figures["performance"], figures["baseline"], figures["marks"]
    table.add_row(
        "autoencoder-GAN, ensemble", _interval(ours["auc"]), _interval(ours["auc_malignant_against_benign_lesions"])
    )
    folds = ours["auc_mean_of_folds"]
    table.add_row("… mean over folds", _interval(folds), "")
    for name, words in (
        ("whole", "… whole looks alone"),
        ("close", "… close looks alone"),
        ("single", "… one network"),
    ):
        table.add_row(words, f"{ours[f'auc_{name}']['mean']:.4f}", "")
    table.add_row(f"… marks masked ({marks['pictures_with_marks']} pictures)", f"{marks['auc_masked']:.4f}", "")
    table.add_row("… masked minus as they are", _interval(marks["change"]), "")
    if baseline:
        table.add_row(
            baseline["name"], _interval(baseline["auc"]), _interval(baseline["auc_malignant_against_benign_lesions"])
        )
        table.add_row("ours minus ResNet-18", _interval(baseline["ours_minus_baseline"]), "")
    return table


def _decisions(figures: dict[str, Any]) -> Table:
    table = _table("Decisions and probabilities", "figure", "value")
    ours = figures["performance"]
    for name in ("accuracy", "precision", "recall", "specificity", "f1"):
        table.add_row(name, _interval(ours[name]))
    before = ours["before_calibration"]
    table.add_row("Brier score (before calibration)", f"{ours['brier']['mean']:.4f} ({before['brier']:.4f})")
    table.add_row("expected calibration error (before)", f"{ours['ece']['mean']:.4f} ({before['ece']:.4f})")
    table.add_row("… from sampling alone", f"{ours['ece_if_perfect']:.4f}")
    return table


def _certainty(figures: dict[str, Any]) -> Table:
    table = _table("Prediction sets and referral, %", "figure", "value")
    for name, value in figures["conformal"].items():
        table.add_row(name.replace("_", " "), _percent(value))
    for share, accuracy in figures["referral"].items():
        table.add_row(f"accuracy on the rest after referring {share}", _percent(accuracy))
    return table


def _subgroups(groups: list[dict[str, Any]]) -> Table:
    table = _table("Subgroups", "pictures", "cases", "malignant", "AUC", "recall %", "specificity %")
    for group in groups:
        table.add_row(
            group["name"],
            str(group["cases"]),
            str(group["malignant"]),
            _interval(group),
            _percent(group["recall"]),
            _percent(group["specificity"]),
        )
    return table


def _shifts(shifts: dict[str, dict[str, float]]) -> Table:
    table = _table("The same pictures, not seen, as others would make them look", "pictures", "AUC", "refused %")
    for name, entry in shifts.items():
        table.add_row(name, f"{entry['auc']:.4f}", _percent(entry["refused"]))
    return table


def _strangers(novelty: dict[str, Any]) -> Table:
    files = novelty["files_refused"]
    told = "none" if files is None else f"{_percent(files)} %"
    table = _table(
        f"Refusals by pixels alone; {_percent(novelty['genuine_refused'])} % of genuine pictures refused, "
        f"{told} of the files that hold no ultrasound",
        *("kind", "pictures", "refused %", "AUROC"),
    )
    for kind, entry in novelty["kinds"].items():
        table.add_row(kind, f"{entry['pictures']:.0f}", _percent(entry["refused"]), f"{entry['auroc']:.4f}")
    for name, entry in novelty["other_ultrasound"].items():
        table.add_row(f"ultrasound, not of the set: {name}", "1", _percent(entry["refused"]), "")
    return table


def _evidence(evidence: dict[str, Any]) -> Table:
    table = _table(
        f"Evidence maps of {evidence['lesions']} outlined lesions", "point", "inside the lesion %", "blurring it moves"
    )
    moves = "log_odds_moved_by_blurring_the_"
    for name, words, moved in (
        ("peak_inside", "where the map supports the answer most", f"{moves}peak"),
        ("furthest_from_nothing_inside", "where it is furthest from 0", ""),
        ("centre_of_the_picture_inside", "the picture's centre", f"{moves}centre"),
        ("darkest_spot_inside", "the darkest spot", ""),
        ("share_of_the_picture_that_is_lesion", "any point", "log_odds_moved_by_blurring_anywhere"),
    ):
        table.add_row(words, _percent(evidence[name]), f"{evidence[moved]:.2f} log-odds" if moved else "")
    return table


def _interval(figure: dict[str, float]) -> str:
    return f"{figure['mean']:.4f} [{figure['low']:.4f}, {figure['high']:.4f}]"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
