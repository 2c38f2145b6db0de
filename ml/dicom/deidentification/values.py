"""Whether a value that may stay is what its attribute is for, and no hiding place for something else."""

import re
from collections.abc import Iterable
from typing import Any, Final

from pydicom.charset import python_encoding
from pydicom.dataelem import DataElement
from pydicom.multival import MultiValue

from ml.dicom.deidentification.allowed import vr_of

_CODES: Final = frozenset({"CS", "SH", "LO"})
_NUMBER_TEXTS: Final = frozenset({"DS", "IS"})
_BINARY: Final = frozenset({"US", "SS", "UL", "SL", "UV", "SV", "FL", "FD", "OB", "OW", "OF", "OD", "OL", "OV", "AT"})
_CLASSES: Final = (_CODES, _NUMBER_TEXTS, _BINARY)
_CODE: Final = re.compile(r"[A-Za-z0-9 _+\-./]{0,24}")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|")
_TEXT: Final = re.compile(r"[^\x00-\x08\x0e-\x1a\x1c-\x1f]{0,64}")
_AGE: Final = re.compile(r"\d{3}[DWMY]")
_OLDEST: Final = 89


def values_of(element: DataElement) -> list[Any]:
    """The element's values; one or several."""
    if isinstance(element.value, MultiValue):
        return list(element.value)
    return [] if element.value is None else [element.value]


def has_right_kind(element: DataElement) -> bool:
    """Whether the element is written as a VR that its attribute may have, or a close relative of it."""
    expected = vr_of(element.tag)
    if element.VR in expected:
        return True
    return any(element.VR in kind and not kind.isdisjoint(expected) for kind in _CLASSES)


def is_sound(element: DataElement) -> bool:
    """Whether every value has its VR's form: codes and numbers are no place for a sentence or a name."""
    expected = vr_of(element.tag)
    values = values_of(element)
    if element.keyword == "SpecificCharacterSet":
        return all(str(value).strip() in python_encoding for value in values)
    if "CS" in expected:
        return _all_match(_CODE, values)
    if not _NUMBER_TEXTS.isdisjoint(expected):
        return _all_match(_NUMBER, (getattr(value, "original_string", value) for value in values))
    if not _CODES.isdisjoint(expected):
        return _all_match(_TEXT, values)
    return True


def capped_age(age: str) -> str:
    """An age as it may be told: above 89 years as 90 (45 CFR 164.514(b)(2)(i)(C)); empty if it is none."""
    age = age.strip(" \0")
    if not _AGE.fullmatch(age):
        return ""
    return "090Y" if age.endswith("Y") and int(age[:3]) > _OLDEST else age


def _all_match(form: re.Pattern[str], values: Iterable[Any]) -> bool:
    return all(form.fullmatch(str(value).strip(" \0")) for value in values)
