"""The three storages in Azure Blob Storage, chosen by `STORAGE_URL=azure://ACCOUNT/PREFIX?key_file=…`."""

from collections import Counter
from collections.abc import Iterable, Iterator
from io import RawIOBase
from pathlib import Path
from typing import Any

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobPrefix, ContentSettings, ImmutabilityPolicy
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile, File
from django.utils import timezone
from storages.backends.azure_storage import AzureStorage

from webapp.audit_storage import RETAINED, WrittenOnce
from webapp.synthetic_storage import PART_BYTES, attachment
from webapp.unlinked import NeverGivesUrl


def options(account: str, key_file: str, endpoint_suffix: str, seconds: int) -> dict[str, Any]:
    """What django-storages wants to know, the container's name excepted.

    Args:
        account: the storage account.
        key_file: one of the account's two keys, as the portal shows it. It signs links without asking anybody.
        endpoint_suffix: core.windows.net, or another cloud's.
        seconds: how long a signed link lasts.

    Raises:
        ImproperlyConfigured: the file can't be read.
    """
    try:
        key = Path(key_file).read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(
            f"STORAGE_URL: key_file={key_file}: expected a file that holds the storage account's key "
            f"({type(error).__name__})."
        ) from None
    return {
        "account_name": account,
        "account_key": key,
        "endpoint_suffix": endpoint_suffix,
        "expiration_secs": seconds,
        "overwrite_files": False,
        "upload_max_conn": 1,
        "max_memory_size": PART_BYTES,
        "client_options": {"max_block_size": PART_BYTES, "max_single_put_size": PART_BYTES},
    }


class Container(AzureStorage):
    """A container that can be made where it isn't there, and that knows folders."""

    def make_once(self, *, locked: bool) -> bool:
        """Makes the container; False when it is there."""
        if self.client.exists():
            return False
        self.client.create_container()
        return True

    def listdir(self, path: str = "") -> tuple[list[str], list[str]]:
        """The folders and the files of a folder, by their own names, as other storages tell them."""
        folder = f"{path.strip('/')}/" if path.strip("/") else ""
        folders: list[str] = []
        files: list[str] = []
        for found in self.client.walk_blobs(name_starts_with=folder, delimiter="/"):
            name = found.name.removeprefix(folder).rstrip("/")
            (folders if isinstance(found, BlobPrefix) else files).append(name)
        return folders, files


class PhiContainer(NeverGivesUrl, Container):
    """Patients' data in a container."""


class SyntheticContainer(Container):
    """Released files in a container; see `webapp.synthetic_storage`."""

    def put(self, name: str, pieces: Iterable[bytes], media_type: str) -> None:
        """Uploads a file, whole or not at all, over what was there; a large one in blocks, one at a time."""
        settings = ContentSettings(content_type=media_type)
        self.client.upload_blob(name, Pieces(pieces), overwrite=True, max_concurrency=1, content_settings=settings)

    def link(self, name: str, filename: str, seconds: int) -> str:
        """An address that gives the file to whoever has it, for so long."""
        return str(self.url(name, expire=seconds, parameters={"content_disposition": attachment(filename)}))

    def sizes(self, folder: str) -> dict[str, int]:
        """Every blob below a folder, with its size."""
        return {blob.name: blob.size for blob in self.client.list_blobs(name_starts_with=f"{folder}/")}

    def tidy(self, folder: str) -> None:
        """Nothing: blocks that were never committed show nowhere, and the store drops them after a week."""

    def clear(self, folder: str) -> None:
        """Removes every blob below a folder."""
        for name in self.sizes(folder):
            self.delete(name)


class AuditContainer(WrittenOnce, Container):  # type: ignore[misc]  # django-storages has no types
    """Blobs under a locked immutability policy, where the container was made with version-level immutability.

    That is the account's administrator's to do: the data interface, which the site uses, cannot.
    """

    @property
    def locks(self) -> bool:
        """Whether the container can lock blobs."""
        return bool(self.client.get_container_properties().immutable_storage_with_versioning_enabled)

    def exists(self, name: str) -> bool:
        """Whether it was ever written: a version of it is there, even if another one covers it."""
        return bool(self._versions(name))

    def read(self, name: str) -> bytes:
        """What was written first; FileNotFoundError when nothing was, or when it is gone for good."""
        versions = self._versions(name)
        if not versions:
            raise FileNotFoundError(name)
        first = min(versions)
        blob = self.client.get_blob_client(name, version_id=first or None)
        return bytes(blob.download_blob().readall())

    def written(self, folder: str) -> dict[str, int]:
        """Every name in a folder, with its number of versions."""
        blobs = self.client.list_blobs(name_starts_with=f"{folder}/", include=["versions"])
        return dict(Counter(blob.name.removeprefix(f"{folder}/") for blob in blobs))

    def _open(self, name: str, mode: str = "rb") -> File:  # type: ignore[type-arg]
        return ContentFile(self.read(name), name)

    def _save(self, name: str, content: "File[Any]") -> str:
        lock: dict[str, Any] = {}
        if self.locks:
            expiry = timezone.now() + RETAINED
            lock = {"immutability_policy": ImmutabilityPolicy(expiry_time=expiry, policy_mode="Locked")}
        try:
            self.client.upload_blob(name, content.read(), overwrite=False, **lock)
        except ResourceExistsError:
            raise FileExistsError(f"{name}: what lies in the audit storage is never overwritten.") from None
        return name

    def _versions(self, name: str) -> list[str]:
        """The versions' marks, which are times; one empty mark where the account keeps no versions."""
        blobs = self.client.list_blobs(name_starts_with=name, include=["versions"])
        return [blob.version_id or "" for blob in blobs if blob.name == name]


class Pieces(RawIOBase):
    """A file to read from, over pieces that come one after another."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces: Iterator[bytes] = iter(pieces)
        self._rest = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """The next `size` bytes; fewer, or none, at the end."""
        found = bytearray(self._rest)
        while size < 0 or len(found) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            found += piece
        cut = len(found) if size < 0 else size
        self._rest = bytes(found[cut:])
        return bytes(found[:cut])
