"""How dates and numbers read on Lobule's pages."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

NOTHING = "–"


@register.filter
def when(value: datetime | None) -> SafeString | str:
    """A moment as "21 Nov 2026, 14:05" in a `<time>` element; an en dash for none."""
    if value is None or not isinstance(value, datetime):
        return NOTHING
    local = timezone.localtime(value)
    return format_html(
        '<time datetime="{}">{}</time>', local.isoformat(timespec="seconds"), format_date(local, "j M Y, H:i")
    )


@register.filter
def dicom_date(value: str) -> str:
    """DICOM's YYYYMMDD as "21 Nov 2026"; other text as it stands, an en dash for none."""
    try:
        return format_date(datetime.strptime(value, "%Y%m%d"), "j M Y")  # noqa: DTZ007 a day has no time zone
    except ValueError:
        return value or NOTHING


@register.filter
def percent(value: float | None) -> str:
    """A probability in [0, 1] as "12.3%".

    Never rounded to certainty: "<0.1%" and ">99.9%" at the ends. An en dash for none.
    """
    if not isinstance(value, int | float):
        return NOTHING
    hundredths = 100 * value
    if 0 < hundredths < 0.1:
        return "<0.1%"
    if 99.9 < hundredths < 100:
        return ">99.9%"
    return f"{hundredths:.1f}%"


@register.filter
def significant(value: float | None, digits: int = 4) -> str:
    """A measurement with so many significant digits, never in exponent form: "0.002498", "1001"."""
    if not isinstance(value, int | float):
        return NOTHING
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    text = f"{rounded:.12f}".rstrip("0").rstrip(".")
    return text.replace("-", "−")
