"""Attributes as plain numbers, whatever a file has put in their place."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from pydicom.dataset import Dataset


def numbers(dataset: Dataset, keyword: str) -> list[float]:
    """The attribute's values as finite floats; empty when it is missing, empty or no number."""
    try:
        value: Any = dataset.get(keyword)
        if value is None or isinstance(value, bytes):
            return []
        values = value if isinstance(value, Iterable) and not isinstance(value, str) else [value]
        found = [float(entry) for entry in values]
    except (TypeError, ValueError, ArithmeticError):
        return []
    return found if all(math.isfinite(entry) for entry in found) else []


def number(dataset: Dataset, keyword: str) -> float | None:
    """The attribute's first value, or None."""
    return next(iter(numbers(dataset, keyword)), None)


def whole(dataset: Dataset, keyword: str) -> int | None:
    """The attribute's first value as a whole number, or None when it is missing or not one."""
    value = number(dataset, keyword)
    return int(value) if value is not None and value.is_integer() else None


def text(dataset: Dataset, keyword: str) -> str:
    """The attribute's first value as text without blanks and NULs around it; "" when missing."""
    texts = text_values(dataset, keyword)
    return texts[0] if texts else ""


def text_values(dataset: Dataset, keyword: str) -> list[str]:
    """All values of the attribute as text."""
    try:
        value: Any = dataset.get(keyword)
    except (TypeError, ValueError):
        return []
    if value is None:
        return []
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    values = [value] if isinstance(value, str) or not isinstance(value, Iterable) else value
    return [str(entry).strip(" \0") for entry in values]


def items(dataset: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence; none when it is missing or no sequence."""
    try:
        value: Any = dataset.get(keyword)
    except (TypeError, ValueError):
        return []
    if not isinstance(value, Iterable) or isinstance(value, str | bytes):
        return []
    return [entry for entry in value if isinstance(entry, Dataset)]
