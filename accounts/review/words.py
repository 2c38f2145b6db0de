"""Events in words."""

from collections.abc import Iterator
from typing import Any

from accounts.filters import PURPOSES
from accounts.models import Role

_PURPOSES = dict(PURPOSES)
OBJECTS = {
    "api-token": "API token",
    "audit-trail": "Audit trail",
    "case": "Case",
    "fna-batch": "Batch of aspirates",
    "fna-preview": "Preview of a table",
    "image": "Image",
    "image-archive": "Archive of images",
    "image-file": "Image file",
    "image-to-review": "Images that wait for review",
    "image-upload": "Upload of images",
    "job": "Job",
    "page": "Page",
    "repeated-answer": "Answer given once more",
    "user": "Person",
}


def purpose_words(purpose: str) -> str:
    """A purpose of use in words."""
    return _PURPOSES.get(purpose or "none", purpose)


def role_words(role: str) -> str:
    """A role in words; one of another release stands as it is."""
    return str(Role(role).label) if role in Role.values else role


def object_words(object_type: str) -> str:
    """A kind of object in words."""
    return OBJECTS.get(object_type) or object_type.replace("-", " ").capitalize()


def detail_rows(detail: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """An event's detail as names and values, nested ones with both names."""
    for name, value in detail.items():
        label = f"{before}{name.replace('_', ' ')}"
        if isinstance(value, dict):
            yield from detail_rows(value, f"{label}, ")
        elif isinstance(value, list):
            yield label, ", ".join(str(item) for item in value)
        else:
            yield label, {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
