"""A set's records between their making and their release: in the phi storage, in shards that fit into memory.

Nobody has examined them when they are written, so they lie where patients' data lie. A shard is a safetensors file,
`SET/samples/000000.safetensors` and so on: pixels and labels, or measurements and diagnoses.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import torch
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from numpy.typing import NDArray
from safetensors.torch import load, save
from torch import Tensor

from synthesis.models import SyntheticSet

SHARD = 512  # pictures: at 128² eight megabytes


class Batch(NamedTuple):
    """Some of a set's pictures.

    Attributes:
        pixels: (n, 1, size, size) uint8.
        labels: (n,) index into the set's classes.
    """

    pixels: Tensor
    labels: Tensor


def store_samples(synthetic_set: SyntheticSet, batches: Iterable[tuple[Tensor, Tensor]]) -> int:
    """Stores a picture set, over what an earlier attempt may have left; how many pictures it was.

    Args:
        synthetic_set: whose they are.
        batches: (pixels, labels) as in `Batch`, of any size.
    """
    delete_samples(synthetic_set)
    stored = shard = 0
    for pixels, labels in _regrouped(batches):
        _write(synthetic_set, shard, {"pixels": pixels, "labels": labels})
        stored, shard = stored + len(labels), shard + 1
    return stored


def store_table(synthetic_set: SyntheticSet, X: NDArray[Any], y: NDArray[Any]) -> None:
    """Stores a table: X (n, 30) float64, y (n,) index into the set's classes."""
    delete_samples(synthetic_set)
    table = {"X": torch.from_numpy(X).to(torch.float64), "y": torch.from_numpy(y).to(torch.int64)}
    _write(synthetic_set, 0, table)


class StoredSamples:
    """A picture set's batches, read one at a time, as often as one likes.

    Iterating raises FileNotFoundError where none were stored.
    """

    def __init__(self, synthetic_set: SyntheticSet) -> None:
        self._set = synthetic_set

    def __iter__(self) -> Iterator[Batch]:
        for name in _names(self._set):
            tensors = _read(name)
            yield Batch(tensors["pixels"], tensors["labels"])


def stored_table(synthetic_set: SyntheticSet) -> tuple[NDArray[Any], NDArray[Any]]:
    """A table as it was stored: X, y.

    Raises:
        FileNotFoundError: none was.
    """
    tensors = _read(_names(synthetic_set)[0])
    return tensors["X"].numpy(), tensors["y"].numpy()


def delete_samples(synthetic_set: SyntheticSet) -> None:
    """Removes what was stored, if anything was."""
    phi = storages["phi"]
    for name in _shards(synthetic_set):
        phi.delete(name)


def _regrouped(batches: Iterable[tuple[Tensor, Tensor]]) -> Iterator[tuple[Tensor, Tensor]]:
    """The same pictures in shards of SHARD, the last excepted."""
    waiting: list[tuple[Tensor, Tensor]] = []
    count = 0
    for pixels, labels in batches:
        waiting.append((pixels, labels))
        count += len(labels)
        while count >= SHARD:
            whole = [torch.cat(parts) for parts in zip(*waiting, strict=True)]
            yield whole[0][:SHARD].contiguous(), whole[1][:SHARD].contiguous()
            waiting, count = [(whole[0][SHARD:], whole[1][SHARD:])], count - SHARD
    if count:
        pixels, labels = (torch.cat(parts) for parts in zip(*waiting, strict=True))
        yield pixels.contiguous(), labels.contiguous()


def _write(synthetic_set: SyntheticSet, shard: int, tensors: dict[str, Tensor]) -> None:
    storages["phi"].save(f"{_folder(synthetic_set)}/{shard:06d}.safetensors", ContentFile(save(tensors)))


def _read(name: str) -> dict[str, Tensor]:
    with storages["phi"].open(name) as file:
        return load(file.read())


def _names(synthetic_set: SyntheticSet) -> list[str]:
    names = _shards(synthetic_set)
    if not names:
        raise FileNotFoundError(f"{_folder(synthetic_set)}: no records are stored")
    return names


def _shards(synthetic_set: SyntheticSet) -> list[str]:
    folder = _folder(synthetic_set)
    try:
        files = storages["phi"].listdir(folder)[1]
    except FileNotFoundError:  # folders exist where something lies in them; buckets know none
        return []
    return sorted(f"{folder}/{name}" for name in files)


def _folder(synthetic_set: SyntheticSet) -> str:
    return f"{synthetic_set.folder}/samples"
