"""Grey values: padding, the modality transform, windows and VOI tables (PS3.3 C.7.5.1.1.2, C.11.1, C.11.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from ml.dicom.frames import VoiFunction, VoiLut, Window
from ml.dicom.outcomes import Refusal
from ml.dicom.pixels.description import PixelDescription
from ml.dicom.pixels.functional_groups import group
from ml.dicom.pixels.lookup import LookupTable, read_table
from ml.dicom.pixels.values import items, number, numbers, text, text_values

Pixels = NDArray[Any]
_FUNCTIONS: Final[dict[str, VoiFunction]] = {"LINEAR_EXACT": "LINEAR_EXACT", "SIGMOID": "SIGMOID"}
_MAX_VOI_LUTS: Final = 8


@dataclass(frozen=True)
class Rescale:
    """Values × slope + intercept, in `units` ("HU", "GY", …; "" when they have none)."""

    slope: float = 1.0
    intercept: float = 0.0
    units: str = ""


def read_rescale(dataset: Dataset, frame: int = 0) -> Rescale:
    """The rescale of a frame; for a dose, its scaling."""
    if (scaling := number(dataset, "DoseGridScaling")) is not None and scaling > 0:
        return Rescale(scaling, 0.0, text(dataset, "DoseUnits"))
    source = group(dataset, "PixelValueTransformationSequence", frame)
    slope, intercept = number(source, "RescaleSlope"), number(source, "RescaleIntercept")
    if slope is None and intercept is None:
        return Rescale()
    units = text(source, "RescaleType")
    if not units and text(dataset, "Modality") == "CT":
        units = "HU"
    return Rescale(slope or 1.0, intercept or 0.0, "" if units == "US" else units)


def rescales_of(dataset: Dataset, frames: int) -> list[Rescale]:
    """One for all frames when they agree, else one for each frame."""
    if not items(dataset, "PerFrameFunctionalGroupsSequence"):
        return [read_rescale(dataset)]
    found = [read_rescale(dataset, frame) for frame in range(frames)]
    return found[:1] if len(set(found)) == 1 else found


def modality_table(
    dataset: Dataset, described: PixelDescription, little_endian: bool
) -> tuple[LookupTable, str] | None:
    """The Modality LUT and its units, if the image has one."""
    found = items(dataset, "ModalityLUTSequence")
    if not found or described.is_float:
        return None
    table = read_table(found[0], "LUTDescriptor", "LUTData", little_endian=little_endian, signed=described.signed)
    units = text(found[0], "ModalityLUTType")
    return table, "" if units == "US" else units


def padding_of(dataset: Dataset, described: PixelDescription) -> tuple[float, float] | None:
    """The lowest and highest stored value that mean "nothing was imaged here"."""
    prefix = {"FloatPixelData": "Float", "DoubleFloatPixelData": "DoubleFloat"}.get(described.keyword, "")
    first = number(dataset, f"{prefix}PixelPaddingValue")
    if first is None:
        return None
    last = number(dataset, f"{prefix}PixelPaddingRangeLimit")
    low, high = sorted(_as_stored(value, described) for value in (first, first if last is None else last))
    return low, high


def _as_stored(value: float, described: PixelDescription) -> float:
    """The value in the pixels' signedness, in which it is not always written."""
    span = 2.0**described.allocated
    if described.is_float:
        return value
    if described.signed and value >= span / 2:
        return value - span
    return value + span if not described.signed and value < 0 else value


def read_windows(dataset: Dataset, *, whole_values: bool = True) -> tuple[Window, ...]:
    """The windows of the file; where frames have their own, the first frame's.

    LINEAR counts in whole values: a window from 0 to 1 has a width of 2. For pixels that are floats it is taken
    for LINEAR_EXACT, which is what their writers mean by it.
    """
    source = group(dataset, "FrameVOILUTSequence")
    names = text_values(source, "WindowCenterWidthExplanation")
    function = _FUNCTIONS.get(text(source, "VOILUTFunction"), "LINEAR" if whole_values else "LINEAR_EXACT")
    narrowest = 1.0 if function == "LINEAR" else 0.0
    windows = []
    for index, (center, width) in enumerate(
        zip(numbers(source, "WindowCenter"), numbers(source, "WindowWidth"), strict=False)
    ):
        if width >= narrowest and width > 0:
            windows.append(Window(center, width, names[index][:64] if index < len(names) else "", function))
    return tuple(windows)


def read_voi_luts(dataset: Dataset, *, little_endian: bool, signed: bool) -> tuple[VoiLut, ...]:
    """The VOI tables of the file; a damaged one is left out, since windows do as well."""
    luts = []
    for item in items(group(dataset, "FrameVOILUTSequence"), "VOILUTSequence")[:_MAX_VOI_LUTS]:
        try:
            table = read_table(item, "LUTDescriptor", "LUTData", little_endian=little_endian, signed=signed)
        except Refusal:
            continue
        luts.append(VoiLut(table.first, tuple(table.values.tolist()), table.bits, text(item, "LUTExplanation")[:64]))
    return tuple(luts)


def computed_window(sample: Pixels, rescale: Rescale) -> Window:
    """A window over all but the darkest and brightest half per cent of a sample of stored values."""
    low, high = np.percentile(sample.astype(np.float64), [0.5, 99.5]) if sample.size else (0.0, 1.0)
    ends = sorted(float(end) * rescale.slope + rescale.intercept for end in (low, high))
    width = ends[1] - ends[0]
    return Window((ends[0] + ends[1]) / 2, width if width > 0 else 1.0, "Computed", "LINEAR_EXACT")


def full_range(bits: int) -> Window:
    """The window that shows unsigned values of so many bits as they are: how cameras and ultrasound mean theirs."""
    highest = 2.0**bits - 1.0
    return Window(highest / 2.0, highest, "Computed", "LINEAR_EXACT")
