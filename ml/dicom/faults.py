"""What is wrong with the structure of a data set, as refusals that say what to do."""

from __future__ import annotations

from typing import Final

from ml.dicom.limits import MAX_FRAGMENTS
from ml.dicom.outcomes import Refusal

MAX_DEPTH: Final = 32
MAX_ELEMENTS: Final = 100_000
MAX_HEADER_ELEMENT: Final = 2**28
"""No element but pixel data and documents is as long; one that claims to be and is cut short is a lie, not damage."""


def too_many_elements() -> Refusal:
    """More than `MAX_ELEMENTS`, those inside sequences counted."""
    return Refusal(
        "too_many_elements",
        f"The header holds more than {MAX_ELEMENTS:,} elements; no real image needs as many. "
        "Export the image again from the system that made it.",
    )


def too_deep() -> Refusal:
    """Sequences within sequences, more than `MAX_DEPTH` of them."""
    return Refusal(
        "too_deep",
        f"Sequences are nested more than {MAX_DEPTH} deep; no real image needs that. "
        "Export the image again from the system that made it.",
    )


def too_many_fragments() -> Refusal:
    """More pieces of pixel data than `MAX_FRAGMENTS`."""
    return Refusal(
        "too_many_fragments",
        f"The pixel data are cut into more than {MAX_FRAGMENTS:,} fragments; no real image needs as many. "
        "Export the image again from the system that made it.",
    )


def cut_off(tag: int, needed: int, present: int, *, inside: bool) -> Refusal:
    """An element longer than what is left: of the file (cut off, or a lie), or of its item (`inside`)."""
    name = f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
    if needed > MAX_HEADER_ELEMENT or inside:
        return Refusal(
            "element_too_long",
            f"Element {name} declares {needed:,} bytes where only {present:,} follow. "
            "The file is damaged; export it again.",
            declared=needed,
            present=present,
        )
    return Refusal(
        "truncated",
        f"The file ends in the middle of element {name}: {needed:,} bytes were announced, {present:,} are there. "
        "It was probably cut off on its way; send it again.",
        declared=needed,
        present=present,
    )


def never_closed() -> Refusal:
    """A sequence that is still open where the file ends."""
    return Refusal(
        "truncated",
        "The file ends before a sequence is closed. It was probably cut off on its way; send it again.",
    )


def damaged(position: int, what: str) -> Refusal:
    """Bytes at `position` that cannot be what should stand there."""
    return Refusal(
        "damaged_header",
        f"The DICOM structure is broken at byte {position:,}: {what}. Export the image again.",
        position=position,
    )
