"""Template tags of the studies' pages."""

from typing import Any

from django import template

from diagnosis.models import Case, Study
from diagnosis.study_overview import FileTile

register = template.Library()

SEXES = {"F": "female", "M": "male", "O": "other"}


@register.filter
def modalities(study: Study) -> list[str]:
    """The modalities of a study's series, each once."""
    return sorted({series.modality for series in study.series.all() if series.modality})


@register.filter
def sex(code: str) -> str:
    """DICOM's letter in words; other text as it stands."""
    return SEXES.get(code, code)


@register.filter
def dicom_time(value: str) -> str:
    """DICOM's HHMMSS.FFFFFF as "14:05"; other text as it stands."""
    return f"{value[:2]}:{value[2:4]}" if value[:4].isdecimal() and len(value) >= 4 else value


@register.inclusion_tag("diagnosis/imaging/study_answer.html")
def study_answer(study: Study) -> dict[str, Case | None]:
    """A study's answer as a tag, or why there is none."""
    return {"case": getattr(study, "case", None)}


@register.inclusion_tag("diagnosis/imaging/image_reading.html")
def image_reading(tile: FileTile) -> dict[str, Any]:
    """What was answered about one image as a tag, or why nothing was."""
    return {"tile": tile}
