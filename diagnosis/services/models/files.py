"""The files of installed models: weights and card under the weights' SHA-256, kept for as long as answers are."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import storages

WEIGHTS, CARD = ".safetensors", ".json"
BLOCK = 2**20


def keep_files(weights_sha256: str, weights: Path) -> None:
    """Keeps weights and card, so that the model's answers can be replayed after later releases.

    Files that are there already stay, unless the weights are damaged: then both are put there anew.
    """
    if is_intact(weights_sha256):
        return
    for suffix in (WEIGHTS, CARD):
        key = file_key(weights_sha256, suffix)
        storages["phi"].delete(key)
        storages["phi"].save(key, ContentFile(weights.with_suffix(suffix).read_bytes()))


def is_intact(weights_sha256: str) -> bool:
    """Whether the kept weights are there and still have the SHA-256 by which they are known."""
    storage = storages["phi"]
    if not all(storage.exists(file_key(weights_sha256, suffix)) for suffix in (WEIGHTS, CARD)):
        return False
    digest = hashlib.sha256()
    with storage.open(file_key(weights_sha256, WEIGHTS)) as kept:
        for block in iter(lambda: kept.read(BLOCK), b""):
            digest.update(block)
    return digest.hexdigest() == weights_sha256


@contextmanager
def kept_files(weights_sha256: str) -> Iterator[Path]:
    """The kept weights, with their card beside them, as a local file for as long as the context lasts.

    Raises:
        FileNotFoundError: no such weights were ever installed here.
    """
    with tempfile.TemporaryDirectory(prefix="lobule-model-") as folder:
        weights = Path(folder) / f"model{WEIGHTS}"
        for suffix in (WEIGHTS, CARD):
            with storages["phi"].open(file_key(weights_sha256, suffix)) as kept:
                weights.with_suffix(suffix).write_bytes(kept.read())
        yield weights


def file_key(weights_sha256: str, suffix: str) -> str:
    """Where a file of the model lies in the phi storage."""
    return f"models/{weights_sha256}{suffix}"
