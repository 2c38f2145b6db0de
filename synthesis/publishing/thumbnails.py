"""A row of a picture set's first pictures of each class, for its page."""

from collections.abc import Iterable, Iterator

import numpy as np
from torch import Tensor

from ml.packaging import SetDescription, Sink
from ml.packaging.mark import marked
from ml.packaging.png import png
from synthesis.publishing.sink import THUMBNAILS

PICTURES = 6
GAP = 2  # pixels, white


def write_thumbnails(description: SetDescription, batches: Iterable[tuple[Tensor, Tensor]], sink: Sink) -> None:
    """Writes `thumbnails/CLASS.png` of each class that has pictures, unless it is there."""
    for label, row in _rows(description, batches):
        name = f"{THUMBNAILS}{label}.png"
        if sink.has(name) is None:
            sink.write(name, [png(row, label, description)])


def _rows(
    description: SetDescription, batches: Iterable[tuple[Tensor, Tensor]]
) -> Iterator[tuple[str, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]]:
    wanted = {index: min(PICTURES, description.counts.get(name, 0)) for index, name in enumerate(description.classes)}
    found: dict[int, list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]] = {index: [] for index in wanted}
    for pixels, labels in batches:
        for index, count in wanted.items():
            missing = count - len(found[index])
            found[index] += list(pixels[labels == index][:missing, 0].numpy())
        if all(len(found[index]) == count for index, count in wanted.items()):
            break
    for index, pictures in found.items():
        if pictures:
            shown = [marked(one) for one in pictures] if description.visible_mark else pictures
            framed = [np.pad(one, ((0, 0), (0, GAP)), constant_values=255) for one in shown]
            yield description.classes[index], np.ascontiguousarray(np.hstack(framed)[:, :-GAP])
