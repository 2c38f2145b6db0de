"""A picture set, packed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.packaging.description import SetDescription
from ml.packaging.dicom import DicomWriter
from ml.packaging.manifest import LABELS, Manifest
from ml.packaging.mark import marked
from ml.packaging.packing import Packing
from ml.packaging.png import png
from ml.packaging.sinks import Sink
from ml.packaging.tables import labels_csv, picture_names

Batches = Iterable[tuple[Any, Any]]
Progress = Callable[[int, int], None]
_PROGRESS_EVERY: Final = 50


class _Picture(NamedTuple):
    number: int
    label: str
    pixels: NDArray[np.uint8]

    def files(self, description: SetDescription, dicom: DicomWriter) -> Iterator[tuple[str, Callable[[], bytes]]]:
        """The picture's two files: their names, and what makes their bytes."""
        png_name, dicom_name = picture_names(self.number, self.label)
        yield png_name, lambda: png(self._shown(description), self.label, description)
        yield dicom_name, lambda: dicom.file(self._shown(description), self.label, self.number)

    def _shown(self, description: SetDescription) -> NDArray[np.uint8]:
        return marked(self.pixels) if description.visible_mark else self.pixels


def package_images(
    description: SetDescription, batches: Batches, sink: Sink, progress: Progress | None = None
) -> Manifest:
    """Packs pictures: each as PNG and DICOM, then labels, documents and checksums, then all of it as one archive.

    Memory holds one batch, and of each picture its files' names and checksums. What the sink has already is not
    written again, so a packing that was interrupted goes on where it stopped.

    Args:
        description: of the set.
        batches: (pixels, labels): (n, 1, size, size) uint8 and (n,) index into the description's classes, as tensors or
            arrays. Gone through twice with the same result, so an iterator won't do.
        sink: where the files go.
        progress: told (done, total) pictures while the single files are written.

    Raises:
        TypeError: the batches can be gone through only once.
        ValueError: the batches are no such pictures, or not as many as the description says.
        ChangedMeanwhile: what the sink has of an earlier attempt are not these pictures' files.
    """
    if isinstance(batches, Iterator):
        raise TypeError("batches: expected something that can be gone through twice, such as a list; got an iterator")
    packing, dicom = Packing(description, sink), DicomWriter(description)
    labels = []
    for picture in _pictures(description, batches):
        for name, render in picture.files(description, dicom):
            packing.add(name, render)
        labels.append(picture.label)
        if progress and (picture.number % _PROGRESS_EVERY == 0 or picture.number == description.total):
            progress(picture.number, description.total)
    _compare(description, labels)
    packing.add_whole(LABELS, labels_csv(labels))
    again = (picture.files(description, dicom) for picture in _pictures(description, batches))
    return packing.finish((name, render()) for files in again for name, render in files)


def _pictures(description: SetDescription, batches: Batches) -> Iterator[_Picture]:
    number = 0
    for pixels, labels in batches:
        grey = np.asarray(pixels)
        if grey.dtype != np.uint8 or grey.ndim != 4 or grey.shape[1] != 1 or len(grey) != len(labels):
            raise ValueError(
                f"expected pixels (n, 1, height, width) of uint8 with n labels, got {grey.shape} of {grey.dtype} "
                f"with {len(labels)} labels"
            )
        for picture, label in zip(grey[:, 0], np.asarray(labels).tolist(), strict=True):
            number += 1
            yield _Picture(number, description.classes[label], np.ascontiguousarray(picture))


def _compare(description: SetDescription, labels: list[str]) -> None:
    found = {name: labels.count(name) for name in description.classes}
    promised = {name: description.counts.get(name, 0) for name in description.classes}
    if found != promised:
        raise ValueError(f"the description promises {promised}, but there are {found}")
