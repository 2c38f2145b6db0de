"""A passport and the gate's verdict for a terminal, or as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from ml.release.gate import Verdict
from ml.release.passport import Figure, Passport

PARTS = (
    ("quality", "Quality: how alike it is to real records"),
    ("utility", "Utility: what it is good for"),
    ("privacy", "Privacy: what it gives away of the training records"),
)


def tables(passport: Passport) -> Iterator[RenderableType]:
    """What the set is, then a table for each part, then what was not measured."""
    yield f"{_head(passport)}\n"
    for part, title in PARTS:
        figures: dict[str, Figure] = getattr(passport, part)
        table = Table(title=title, title_justify="left", box=box.SIMPLE, expand=True)
        for column in ("figure", "value", "interval"):
            table.add_column(column, no_wrap=column != "figure")  # a figure that is cut short is none
        table.add_column("what it is", ratio=2)
        table.add_column("compared with", ratio=1)
        for name, figure in figures.items():
            table.add_row(*(escape(cell) for cell in _cells(name, figure)))
        yield table
    for note in passport.notes:
        yield f"Note: {note}"


def verdict_lines(verdict: Verdict) -> list[str]:
    """The gate's answer, one line a reason."""
    if verdict.releasable:
        return ["Releasable: nothing stands against it; a second person decides."]
    lines = [f"Blocked, for {len(verdict.reasons)} {'reason' if len(verdict.reasons) == 1 else 'reasons'}:"]
    for reason in verdict.reasons:
        held = "" if reason.figure is None else f" ({_number(reason.figure)}; at most {_number(reason.bound)})"
        if reason.code == "too_few_records":
            held = ""
        lines.append(f"- {reason.code}: {reason.message}{held}")
    return lines


def markdown(passport: Passport, verdict: Verdict) -> str:
    """Passport and verdict as Markdown."""
    lines = ["# Passport", "", _head(passport), ""]
    for part, title in PARTS:
        figures: dict[str, Figure] = getattr(passport, part)
        lines += [
            f"## {title}",
            "",
            "| figure | value | interval | what it is | compared with |",
            "|---|---|---|---|---|",
        ]
        lines += [f"| {' | '.join(_cells(name, figure))} |" for name, figure in figures.items()]
        lines.append("")
    lines += [f"- {note}" for note in passport.notes]
    return "\n".join([*lines, "", "## Verdict", "", *verdict_lines(verdict)])


def _head(passport: Passport) -> str:
    sizes = ", ".join(f"{count} {part}" for part, count in passport.sizes.items())
    extractor = passport.provenance.extractor
    features = f" Features: {extractor['name']}, SHA-256 {extractor['sha256'][:12]}…." if extractor else ""
    return f"Records: {sizes}.{features} Privacy guarantee: {passport.formal_guarantee}."


def _cells(name: str, figure: Figure) -> tuple[str, str, str, str, str]:
    interval = "" if figure.low is None or figure.high is None else f"{_number(figure.low)} to {_number(figure.high)}"
    return name.replace("_", " "), _number(figure.value), interval, figure.words, figure.compared_with


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
