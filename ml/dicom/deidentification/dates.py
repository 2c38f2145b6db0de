"""Dates moved by whole days, so that the days between any two of a patient's dates stay what they were."""

import re
from datetime import date, timedelta
from typing import Final

_DATE: Final = re.compile(r"(\d{4})([.\-/]?)(\d{2})\2(\d{2})")
_DATE_TIME: Final = re.compile(r"(\d{4})(\d{2})(\d{2})((?:\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)?)(?:[+-]\d{4})?")
_TIME: Final = re.compile(r"\d{2}:?(?:\d{2}:?(?:\d{2}(?:\.\d{1,6})?)?)?")


def shifted_date(value: str, days: int) -> str | None:
    """A DA value `days` earlier, or None where it is no date (and so may say anything)."""
    match = _DATE.fullmatch(value.strip(" \0"))
    if not match:
        return None
    year, _, month, day = match.groups()
    return _earlier(year, month, day, days)


def shifted_date_time(value: str, days: int) -> str | None:
    """A DT value `days` earlier with its time of day; its zone tells the place and goes. None where it names no day."""
    match = _DATE_TIME.fullmatch(value.strip(" \0"))
    if not match:
        return None
    year, month, day, rest = match.groups()
    earlier = _earlier(year, month, day, days)
    return None if earlier is None else earlier + rest


def is_time(value: str) -> bool:
    """Whether a TM value is a time of day and nothing else."""
    return _TIME.fullmatch(value.strip(" \0")) is not None


def _earlier(year: str, month: str, day: str, days: int) -> str | None:
    try:
        moved = date(int(year), int(month), int(day)) - timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    return f"{moved.year:04d}{moved:%m%d}"  # strftime doesn't fill up early years everywhere
