"""What was changed, attribute by attribute, for the person who wants to see it before it happens."""

from dataclasses import dataclass
from typing import Any, Final, Literal

from pydicom.datadict import dictionary_description, dictionary_has_tag, keyword_for_tag
from pydicom.tag import BaseTag

How = Literal["removed", "emptied", "replaced", "shifted"]

MOST: Final = 5000
_LONGEST: Final = 80


@dataclass(frozen=True)
class Change:
    """One attribute before and after. `path` names the sequence items around it ("ViewCodeSequence[1]")."""

    tag: str
    keyword: str
    name: str
    path: str
    action: How
    before: str
    after: str


def shown(value: Any) -> str:
    """A value as a short text: binary values and sequences by their size alone."""
    if value is None:
        return ""
    if isinstance(value, (bytes, bytearray)):
        return f"{len(value):,} bytes"
    if isinstance(value, (list, tuple)) or type(value).__name__ in {"MultiValue", "Sequence"}:
        if type(value).__name__ == "Sequence":
            return f"{len(value)} item" + ("s" if len(value) != 1 else "")
        text = "\\".join(str(part) for part in value)
    else:
        text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


class ChangeLog:
    """Collects changes; the list of a file with very many is cut at `MOST`, the count is not."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.total = 0
        self.kept = 0

    def add(self, tag: BaseTag, path: str, action: How, before: Any, after: Any = "") -> None:
        """Notes one change."""
        self.total += 1
        if len(self.changes) < MOST:
            keyword = keyword_for_tag(tag)
            self.changes.append(
                Change(
                    tag=f"({tag.group:04X},{tag.element:04X})",
                    keyword=keyword,
                    name=_name(tag),
                    path=path,
                    action=action,
                    before=shown(before),
                    after=shown(after),
                )
            )


def _name(tag: BaseTag) -> str:
    if tag.is_private:
        return "Manufacturer's private attribute"
    if dictionary_has_tag(tag):
        return dictionary_description(tag)
    return {0x50: "Curve", 0x60: "Overlay"}.get(tag.group >> 8, "Unknown attribute")
