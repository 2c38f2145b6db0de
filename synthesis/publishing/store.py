"""The `synthetic` storage as publishing sees it."""

from collections.abc import Iterable
from typing import Any, Protocol, cast

from django.core.files.storage import storages

from synthesis.models import SyntheticSet


class ReleaseStorage(Protocol):
    """What the `synthetic` storage can do; `webapp` has it for folders and for every kind of bucket."""

    def put(self, name: str, pieces: Iterable[bytes], media_type: str) -> None:
        """Takes a file in pieces, whole or not at all, over what was there."""

    def link(self, name: str, filename: str, seconds: int) -> str | None:
        """A signed address for so many seconds; None where the site has to serve the file itself."""

    def sizes(self, folder: str) -> dict[str, int]:
        """Every object below a folder, with its size."""

    def tidy(self, folder: str) -> None:
        """Removes what interrupted uploads left below a folder."""

    def clear(self, folder: str) -> None:
        """Removes everything below a folder."""

    def open(self, name: str, mode: str = "rb") -> Any:
        """The object as a file.

        Raises:
            FileNotFoundError: there is none.
        """


def release_storage() -> ReleaseStorage:
    """Where released files lie."""
    return cast("ReleaseStorage", storages["synthetic"])


def folder_of(synthetic_set: SyntheticSet) -> str:
    """The folder of a set's files in it."""
    return f"sets/{synthetic_set.public_id}"
