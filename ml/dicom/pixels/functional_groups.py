"""Attributes of enhanced images, which lie in functional groups: shared by all frames, or each frame's own."""

from __future__ import annotations

from pydicom.dataset import Dataset

from ml.dicom.pixels.values import items


def group(dataset: Dataset, keyword: str, frame: int = 0) -> Dataset:
    """The item of a functional group's sequence for a frame: its own, else the shared one, else the data set.

    The data set itself stands in, since images that are not enhanced hold the same attributes there.
    """
    frames = items(dataset, "PerFrameFunctionalGroupsSequence")
    own = items(frames[frame], keyword) if frame < len(frames) else []
    shared = [found for item in items(dataset, "SharedFunctionalGroupsSequence") for found in items(item, keyword)]
    return next(iter([*own, *shared]), dataset)
