"""Column headers to meanings, by a small grammar rather than a list of spellings.

A header is squeezed to its letters and digits ("Worst Concave Points " → "worstconcavepoints") and must then
be made of known words from end to end: one measure, one statistic, and words that change nothing ("value",
"of", a unit). A header with any other letter in it is not recognised, so nothing is matched by resemblance.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ml.fna.features import FEATURES, FEATURES_BY_NAME, Statistic
from ml.fna.intake.table import DIAGNOSIS, SAMPLE_ID, How

_MEASURE_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "radius": ("radius",),
    "texture": ("texture",),
    "perimeter": ("perimeter", "perim"),
    "area": ("area",),
    "smoothness": ("smoothness",),
    "compactness": ("compactness",),
    "concavity": ("concavity",),
    "concave_points": ("concavepoints", "concavepoint", "concavepts"),
    "symmetry": ("symmetry",),
    "fractal_dimension": ("fractaldimension", "fractaldim"),
}
_STATISTIC_WORDS: Final[dict[Statistic, tuple[str, ...]]] = {
    "mean": ("mean", "average", "avg", "1"),
    "se": ("standarderror", "stderror", "stderr", "error", "sem", "se", "2"),
    "worst": ("worst", "largest", "maximum", "max", "3"),
}
_UNIT_WORDS: Final = ("pixels", "pixel", "px2", "px", "greylevels", "graylevels", "greylevel", "graylevel")
_OTHER_UNIT_WORDS: Final = ("micrometres", "micrometers", "micrometre", "micrometer", "microns", "micron")
_OTHER_UNITS: Final = re.compile(r"(?:µ|μ|u|m|c)m(?:²|2|\^2)?")
_FILLER_WORDS: Final = ("ofthe", "of", "nuclei", "nuclear", "nucleus", "value", "cell")


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_MEASURE: Final = {word: name for name, words in _MEASURE_WORDS.items() for word in words}
_STATISTIC: Final = {word: name for name, words in _STATISTIC_WORDS.items() for word in words}
_WORD: Final = _alternatives([*_MEASURE, *_STATISTIC, *_UNIT_WORDS, *_OTHER_UNIT_WORDS, *_FILLER_WORDS])
_SENTENCE: Final = re.compile(f"(?:{_WORD})++")
_ANY_WORD: Final = re.compile(_WORD)
_BRACKETED: Final = re.compile(r"[(\[]([^)\]]*)[)\]]")

_ID_SUBJECT: Final = "sample|patient|case|specimen|slide|smear|record|study|accession|aspirate|fna"
_ID_NOUN: Final = "id|identifier|number|no|nr|code|key"
_SAMPLE_ID: Final = re.compile(f"(?:{_ID_SUBJECT}){{1,2}}(?:{_ID_NOUN})?|id(?:number|no|nr)?|identifier|mrn")
_DIAGNOSIS: Final = re.compile("(?:known|true|final)?(?:diagnosis|outcome)|(?:is)?malignan(?:t|cy)")
_BARE_OUTCOME: Final = re.compile("target|class|label|y")
_LONGEST: Final = 100
_GENERIC: Final = re.compile(r"(?:v|x|f|col|column|feature|attribute|attr|var)?(\d{1,3})")


@dataclass(frozen=True)
class HeaderMeaning:
    """What a header says: `meaning` (None where not recognised), how it was told, and a unit that isn't ours.

    `bare_outcome`: the header names an outcome but not which value means malignant ("target", "class").
    """

    meaning: str | None
    how: How
    other_unit: str | None = None
    bare_outcome: bool = False


def squeezed(header: str) -> str:
    """The header's letters and digits, lower case: what is left when spelling habits are taken away."""
    text = unicodedata.normalize("NFKC", header).casefold()
    return re.sub(r"[^0-9a-z]+", "", text)


_EXACT: Final = {
    **{feature.name: feature.name for feature in FEATURES},
    **{feature.label: feature.name for feature in FEATURES},
    SAMPLE_ID: SAMPLE_ID,
    DIAGNOSIS: DIAGNOSIS,
}


def understand_header(header: str) -> HeaderMeaning:
    """What the header means on its own, without looking at the column's cells."""
    text = header.strip()
    if len(text) > _LONGEST:
        return HeaderMeaning(None, "unrecognised")
    if text in _EXACT:
        return HeaderMeaning(_EXACT[text], "exact")
    word = squeezed(text)
    if _SAMPLE_ID.fullmatch(word):
        return HeaderMeaning(SAMPLE_ID, "synonym")
    if _DIAGNOSIS.fullmatch(word):
        return HeaderMeaning(DIAGNOSIS, "synonym")
    if _BARE_OUTCOME.fullmatch(word):
        return HeaderMeaning(DIAGNOSIS, "synonym", bare_outcome=True)
    text, unit = _without_other_unit(text)
    name = _feature_name(squeezed(text))
    return HeaderMeaning(name, "synonym", unit) if name else HeaderMeaning(None, "unrecognised")


def _without_other_unit(header: str) -> tuple[str, str | None]:
    """The header less a bracketed physical unit, and that unit."""
    for bracket in _BRACKETED.finditer(header):
        unit = bracket.group(1).strip()
        if _OTHER_UNITS.fullmatch(unit.casefold()) or squeezed(unit) in _OTHER_UNIT_WORDS:
            return header.replace(bracket.group(0), " "), unit
    return header, None


def _feature_name(word: str) -> str | None:
    """The one feature that the squeezed header spells, if its words name one measure and one statistic."""
    if not _SENTENCE.fullmatch(word):
        return None
    words = _ANY_WORD.findall(word)
    measures = {_MEASURE[part] for part in words if part in _MEASURE}
    statistics = {_STATISTIC[part] for part in words if part in _STATISTIC}
    if statistics == {"mean", "se"}:  # "standard error of the mean radius"
        statistics = {"se"}
    if len(measures) != 1 or len(statistics) != 1:
        return None
    name = f"{measures.pop()}_{statistics.pop()}"
    return name if name in FEATURES_BY_NAME else None


def is_generic(headers: list[str]) -> bool:
    """Whether these are a program's own numbering (V1, V2 …): the columns are then as good as unnamed."""
    numbers = [_GENERIC.fullmatch(squeezed(header)) for header in headers]
    found = [int(match.group(1)) for match in numbers if match]
    return len(found) == len(headers) > 1 and found == list(range(found[0], found[0] + len(found)))
