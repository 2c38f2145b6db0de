"""Packing holds one batch, whatever the set's size."""

import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np

from ml.packaging import StoredFile, package_images
from ml.packaging.sinks import HashedPieces
from tests.ml.packaging.parts import describe

BATCH = 10


class Forgetting:
    """A sink that keeps nothing."""

    def has(self, name: str) -> StoredFile | None:
        return None

    def write(self, name: str, data: Any) -> StoredFile:
        pieces = HashedPieces(data)
        for _ in pieces:
            pass
        return pieces.stored(name)


class Noise:
    """Pictures that are drawn when they are asked for, the same ones each time."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __iter__(self) -> Iterator[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
        rng = np.random.default_rng(1)
        for _ in range(self._count // BATCH):
            yield rng.integers(0, 256, (BATCH, 1, 128, 128), np.uint8), np.arange(BATCH) % 2


def peak_of(count: int) -> int:
    description = describe("image", {"benign": count // 2, "malignant": count // 2})
    tracemalloc.start()
    try:
        package_images(description, Noise(count), Forgetting())
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_five_times_the_pictures_take_only_the_memory_of_their_names() -> None:
    peak_of(BATCH)  # what is made once, when it is first needed
    few, many = peak_of(20), peak_of(100)

    grown = (many - few) / 80  # bytes a picture
    assert grown < 4_000  # names and checksums of two files; the picture's files have 33,000
    assert many < 4e6  # the 100 pictures' files have 3.3 MB, and as much again lies in the archive
