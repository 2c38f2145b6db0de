"""Tables that people take for this one: the other Wisconsin tables, mammographic masses, prose.

Recognised only to explain a refusal, from header words or, without a header, from the values themselves.
"""

from collections import Counter
from typing import Final

from ml.fna.intake.headers import squeezed
from ml.fna.intake.numbers import is_number
from ml.fna.intake.position import features_fit, share_in

_GRADES: Final = frozenset(str(grade) for grade in range(11)) | {"?"}
_RECURRENCE: Final = frozenset("NR01")
WBC: Final = (
    "This looks like the original Wisconsin Breast Cancer table (WBC): nine features graded 1 to 10 by eye, "
    "such as clump thickness. They are not the thirty measurements this classifier reads and can't be "
    "converted into them."
)
WPBC: Final = (
    "This looks like the Wisconsin Prognostic Breast Cancer table (WPBC): its outcome is recurrence, and all "
    "its cases are malignant, so it holds no benign-or-malignant question. The diagnostic table (WDBC) has "
    "the same thirty measurements without time, tumour size and lymph nodes."
)
MASSES: Final = (
    "This looks like the mammographic masses table: BI-RADS assessment, age, shape, margin and density read "
    "from a mammogram. It holds no cell measurements."
)
PROSE: Final = "This looks like running text (perhaps a table's description), not a table of measurements."


def _by_header(words: set[str]) -> str | None:
    text = " ".join(words)
    if "clumpthickness" in words or ("mitoses" in words and "bare" in text):
        return WBC
    if any(word.startswith(("lymphnode", "recurrence")) for word in words) or (
        "time" in words and any(word.startswith("tumo") for word in words)
    ):
        return WPBC
    if {"shape", "margin", "density"} <= words or ("birads" in words and "margin" in words):
        return MASSES
    return None


def _by_values(rows: list[list[str]], width: int) -> str | None:
    if width == 11 and share_in(rows, range(1, 11), _GRADES) > 0.97:
        return WBC
    if width == 10 and share_in(rows, range(10), _GRADES) > 0.97:
        return WBC
    if width == 35 and share_in(rows, range(1, 2), _RECURRENCE) > 0.97 and features_fit(rows, 3):
        return WPBC
    if width == 6 and share_in(rows, range(2, 6), _GRADES) > 0.97:
        return MASSES
    return None


def resemblance(header: list[str] | None, rows: list[list[str]]) -> str | None:
    """What the table looks like, as a sentence for its owner; None where that can't be told."""
    named = _by_header({squeezed(name) for name in header}) if header else None
    if named or not rows:
        return named
    width, alike = Counter(len(row) for row in rows).most_common(1)[0]
    body = [row for row in rows if len(row) == width]
    cells = [cell for row in rows[:300] for cell in row if cell.strip()]
    numeric = sum(is_number(cell) for cell in cells)
    if numeric < 0.2 * len(cells):
        return PROSE
    return _by_values(body, width) if alike > 0.5 * len(rows) else None
