"""What PS3.15 Table E.1-1 (Basic Application Level Confidentiality Profile) says of each attribute.

The table is dicom-anonymizer's copy of edition 2026c. That package applies it to the top level of a file only,
so its rules are looked up here for every element at every depth; its dummy values are used as they are.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, Final, Literal

from dicomanonymizer import simpledicomanonymizer as anonymizer  # type: ignore[import-untyped]
from pydicom.dataelem import DataElement
from pydicom.tag import BaseTag

EDITION: Final = "2026c"

ProfileAction = Literal["remove", "empty", "replace", "uid", "references"]

_ACTIONS: Final[dict[Callable[..., Any], ProfileAction]] = {
    anonymizer.delete: "remove",  # X
    anonymizer.empty: "empty",  # Z
    anonymizer.delete_or_empty: "empty",  # X/Z
    anonymizer.replace: "replace",  # D
    anonymizer.empty_or_replace: "replace",  # Z/D
    anonymizer.delete_or_replace: "replace",  # X/D
    anonymizer.delete_or_empty_or_replace: "replace",  # X/Z/D
    anonymizer.replace_UID: "uid",  # U
    anonymizer.delete_or_empty_or_replace_UID: "references",  # X/Z/U*
}


@cache
def table() -> dict[int, ProfileAction]:
    """Every single attribute of the table by its tag. Repeating groups are `in_repeating_group`'s business."""
    rules = anonymizer.initialize_actions(f"dicomfields_{EDITION}")
    return {(tag[0] << 16) | tag[1]: _ACTIONS[rule] for tag, rule in rules.items() if len(tag) == 2}


def in_repeating_group(tag: BaseTag) -> bool:
    """Whether the tag lies in a curve (50xx) or overlay (60xx) group, which go as a whole."""
    return tag.group & 0xFF00 in {0x5000, 0x6000}


def profile_action(tag: BaseTag) -> ProfileAction | None:
    """What the profile asks for, or None where the table doesn't list the attribute."""
    if tag.is_private or in_repeating_group(tag):
        return "remove"
    return table().get(int(tag))


def put_dummy(element: DataElement) -> None:
    """A value that fits the element's VR and says nothing (action D)."""
    if element.VR == "SQ":
        element.value = []
    else:
        anonymizer.replace_element(element)
