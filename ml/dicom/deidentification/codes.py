"""Coded entries: standard codes stay, with the meaning the standard's own dictionary gives them.

A code's meaning is free text, and a local scheme's codes may say anything, so neither is trusted.
"""

import re
from functools import cache
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.sr._concepts_dict import concepts
from pydicom.sr._snomed_dict import mapping as snomed

_FORMATS: Final[dict[str, re.Pattern[str]]] = {
    "SCT": re.compile(r"\d{6,18}"),
    "SRT": re.compile(r"[A-Z0-9]{1,2}-[0-9A-Z]{4,6}"),
    "SNM3": re.compile(r"[A-Z0-9]{1,2}-[0-9A-Z]{4,6}"),
    "99SDM": re.compile(r"[A-Z0-9]{1,2}-[0-9A-Z]{4,6}"),
    "DCM": re.compile(r"\d{6}"),
    "UCUM": re.compile(r"[A-Za-z0-9%/.*^\[\]{}'\"_\-]{1,16}"),
    "LN": re.compile(r"\d{1,5}-\d"),
    "RADLEX": re.compile(r"RID\d{1,6}"),
    "FMA": re.compile(r"\d{1,6}"),
}
_OF_SNOMED_RT: Final = frozenset({"SNM3", "99SDM"})


@cache
def _meanings(scheme: str) -> dict[str, list[str]]:
    """A scheme's codes and what they may mean, from the standard's context groups; SNOMED-RT's by way of CT."""
    if scheme == "SRT":
        modern = _meanings("SCT")
        return {old: modern[new] for old, new in snomed["SRT"].items() if new in modern}
    found: dict[str, list[str]] = {}
    entries: Any = concepts.get(scheme, {})
    for codes in entries.values():
        for value, (meaning, *_) in codes.items():
            found.setdefault(value, []).append(meaning)
    return found


def clean_code(item: Dataset) -> bool:
    """Gives a coded entry its standard meaning; False where it is no standard code and must go.

    A standard scheme's code that the dictionary doesn't know stays if it has the scheme's form; its meaning
    then repeats the code.
    """
    scheme = str(item.get("CodingSchemeDesignator", "")).strip()
    value = str(item.get("CodeValue", "") or item.get("LongCodeValue", "")).strip()
    form = _FORMATS.get(scheme)
    if form is None or not form.fullmatch(value):
        return False
    meanings = _meanings("SRT" if scheme in _OF_SNOMED_RT else scheme).get(value, [value])
    if str(item.get("CodeMeaning", "")).strip().casefold() not in {meaning.casefold() for meaning in meanings}:
        item.CodeMeaning = meanings[0][:64]
    return True
