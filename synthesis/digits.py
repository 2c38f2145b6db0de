"""Figures in digits, as every page of the site writes them."""

from decimal import Decimal

NOTHING = "–"


def significant(value: float | None, digits: int = 4) -> str:
    """A number with so many significant digits, never in exponent form: "0.002498", "1001"; an en dash for none."""
    if not isinstance(value, int | float):
        return NOTHING
    text = format(Decimal(f"{value:.{digits - 1}e}"), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")
