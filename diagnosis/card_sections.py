"""Parts of a model card that no table was made for, as readable tables: whoever trains a model may report more.

A number stands in a list of facts; a table's row is a mapping of numbers; text stays text. Nothing is dropped.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.text import slugify

TITLES = {
    "subgroups": "Results by subgroup",
    "baseline": "Beside other methods",
    "baselines": "Beside other methods",
    "marks": "Marks drawn on the pictures",
    "near_duplicates": "Pictures that are nearly the same",
    "refusal": "What it refuses",
    "refusals": "What it refuses",
    "evidence": "Where its evidence lies",
    "training_data": "The training data in numbers",
    "other_ultrasound": "Ultrasound pictures of other origin",
}
WORDS = {"auc": "AUC", "auroc": "AUROC", "ece": "ECE", "f1": "F1", "sha256": "SHA-256", "us": "US", "mg": "MG"}
SHARES = re.compile(
    r"(^|_)(accuracy|recall|sensitivity|specificity|precision|f1|refused|coverage|share|rate|inside|singletons|changed)(_|$)"
)
CENTRE = ("mean", "value")
AROUND = {*CENTRE, "low", "high", "sd"}
DEEPEST = 3
INLINE = 60


@dataclass(frozen=True)
class Table:
    """Rows of figures; each row has one cell for each column."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass
class Section:
    """One part of the card."""

    title: str
    key: str
    notes: list[str] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


def sections_of(parts: Mapping[str, Any]) -> list[Section]:
    """A section for each part, in the card's order; empty parts are left out."""
    made = []
    for name, value in parts.items():
        section = Section(TITLES.get(name, in_words(name)), slugify(name))
        _fill(section, name, value, depth=0)
        if section.notes or section.facts or section.tables:
            made.append(section)
    return made


def in_words(name: str) -> str:
    """`mean_auc` as "Mean AUC"."""
    words = [WORDS.get(word, word) for word in str(name).replace("_", " ").split()]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def _fill(section: Section, name: str, value: Any, *, depth: int) -> None:
    rows = _rows(value)
    if rows:
        section.tables.append(_table("" if depth == 0 else in_words(name), rows))
    elif _is_plain(value) or _is_measured(value) or depth == DEEPEST:
        _tell(section, name, _shown(name, value))
    elif isinstance(value, Mapping):
        for inner_name, inner in value.items():
            _fill(section, inner_name, inner, depth=depth + 1)
    elif isinstance(value, Sequence):
        for inner in value:
            _tell(section, name, _shown(name, inner))


def _tell(section: Section, name: str, text: str) -> None:
    if not text:
        return
    if len(text) > INLINE:
        section.notes.append(text[:1].upper() + text[1:])
    else:
        section.facts.append((in_words(name), text))


def _rows(value: Any) -> list[tuple[str, Mapping[str, Any]]]:
    """The rows of what is a table: named mappings, or a list of mappings that begin with their name."""
    if isinstance(value, Mapping) and not _is_measured(value):
        rows = list(value.items())
    elif isinstance(value, Sequence) and not isinstance(value, str):
        if not all(isinstance(row, Mapping) and row for row in value):
            return []
        rows = [(str(next(iter(row.values()))), dict(list(row.items())[1:])) for row in value]
    else:
        return []
    rows = [(label, _gathered(row) if isinstance(row, Mapping) else row) for label, row in rows]
    is_table = all(isinstance(row, Mapping) and row and not _is_measured(row) and _is_flat(row) for _, row in rows)
    return rows if rows and is_table else []


def _gathered(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row with a figure that lies spread over it in one cell; among other figures of a row it is the AUC."""
    if not {"mean", "low", "high"} <= set(row) or _is_measured(row):
        return row
    figure = {"auc": {name: row[name] for name in ("mean", "low", "high")}}
    kept = [(name, value) for name, value in row.items() if name not in AROUND]
    counts = sum(isinstance(value, int) for _, value in kept)
    return dict(kept[:counts]) | figure | dict(kept[counts:])


def _is_flat(row: Mapping[str, Any]) -> bool:
    return all(_is_plain(cell) or _is_measured(cell) for cell in row.values())


def _table(caption: str, rows: list[tuple[str, Mapping[str, Any]]]) -> Table:
    names = list(dict.fromkeys(name for _, row in rows for name in row))
    return Table(
        caption=caption,
        columns=tuple(in_words(name) for name in names),
        rows=tuple(
            (
                label if "." in label else in_words(label),
                tuple(_shown(name, row[name]) if name in row else "–" for name in names),
            )
            for label, row in rows
        ),
    )


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _is_measured(value: Any) -> bool:
    """A number with what surrounds it: mean or value, low and high, sd."""
    return isinstance(value, Mapping) and any(name in value for name in CENTRE) and set(value) <= AROUND


def _shown(name: str, value: Any) -> str:
    if _is_measured(value):
        centre = next(value[key] for key in CENTRE if key in value)
        if value.get("low") is None or value.get("high") is None:
            return _number(name, centre)
        return f"{_number(name, centre)} ({_number(name, value['low'])} to {_number(name, value['high'])})"
    if isinstance(value, Mapping):
        return "; ".join(f"{in_words(key)}: {_shown(key, inner)}" for key, inner in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_shown(name, inner) for inner in value)
    return _number(name, value)


def _number(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        is_share = SHARES.search(str(name)) is not None and 0 <= value <= 1
        return f"{100 * value:.1f}%" if is_share else f"{value:.4g}".replace("-", "−")
    return str(value)
