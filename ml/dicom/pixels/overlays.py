"""Graphic overlays (PS3.3 C.9.2) as one mask over the image, cut to it; they are never burned into the pixels."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

Mask = NDArray[np.bool_]

_GROUPS: Final = range(0x6000, 0x6020, 2)
_ROWS, _COLUMNS, _ORIGIN, _ALLOCATED, _BIT, _DATA = 0x0010, 0x0011, 0x0050, 0x0100, 0x0102, 0x3000


def overlay_mask(dataset: Dataset, rows: int, columns: int, raw: NDArray[Any] | None, little: bool) -> Mask | None:
    """What any overlay plane marks on the first frame, `(rows, columns)`; None without overlays on the image.

    `raw` is the first frame as it stands in the file, in whose unused bits older overlays lie.
    """
    groups = sorted({tag >> 16 for tag in dataset.keys()}.intersection(_GROUPS))  # noqa: SIM118 - no dict
    if not groups:
        return None
    mask = np.zeros((rows, columns), dtype=np.bool_)
    for number in groups:
        plane = _plane(dataset, number, raw, little)
        if plane is not None:
            _lay(mask, plane, _integers(dataset, number, _ORIGIN))
    return mask if mask.any() else None


def _plane(dataset: Dataset, number: int, raw: NDArray[Any] | None, little: bool) -> Mask | None:
    rows, columns = _integer(dataset, number, _ROWS), _integer(dataset, number, _COLUMNS)
    if not rows or not columns:
        return None
    element = dataset.get((number, _DATA))
    if element is None:
        return _embedded(dataset, number, raw)
    if not isinstance(element.value, bytes):
        return None
    packed = np.frombuffer(element.value, dtype=np.uint8)
    if not little and element.VR == "OW":
        packed = packed[: packed.size - packed.size % 2].view(">u2").astype("<u2").view(np.uint8)
    if packed.size * 8 < rows * columns:
        return None
    bits = np.unpackbits(packed[: -(-rows * columns // 8)], bitorder="little", count=rows * columns)
    return bits.view(np.bool_).reshape(rows, columns)


def _embedded(dataset: Dataset, number: int, raw: NDArray[Any] | None) -> Mask | None:
    """An overlay in a bit of the pixels that they don't use themselves (retired, still met)."""
    bit, allocated = _integer(dataset, number, _BIT), _integer(dataset, number, _ALLOCATED)
    if raw is None or raw.ndim != 2 or bit is None or not 0 < bit < 8 * raw.dtype.itemsize or (allocated or 1) < 2:
        return None
    return (raw >> bit & 1).astype(np.bool_)


def _lay(mask: Mask, plane: Mask, origin: list[int]) -> None:
    """Put the plane's first element at the origin, counted from 1; what lies outside the image is cut off."""
    top, left = (origin[0] - 1, origin[1] - 1) if len(origin) == 2 else (0, 0)
    rows = slice(max(top, 0), min(top + plane.shape[0], mask.shape[0]))
    columns = slice(max(left, 0), min(left + plane.shape[1], mask.shape[1]))
    if rows.start < rows.stop and columns.start < columns.stop:
        mask[rows, columns] |= plane[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]


def _integer(dataset: Dataset, group: int, number: int) -> int | None:
    return next(iter(_integers(dataset, group, number)), None)


def _integers(dataset: Dataset, group: int, number: int) -> list[int]:
    try:
        element = dataset.get((group, number))
        if element is None or element.value is None or isinstance(element.value, bytes):
            return []
        return [int(value) for value in np.atleast_1d(np.asarray(element.value)).tolist()]
    except (TypeError, ValueError):
        return []
