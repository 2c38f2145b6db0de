"""How large a pixel is, where an ultrasound image is calibrated, and how fast a cine loop runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydicom.dataset import Dataset

from ml.dicom.frames import Region, Spacing
from ml.dicom.pixels.functional_groups import group
from ml.dicom.pixels.values import items, number, numbers, whole

_CENTIMETRES: Final = 3
_MAX_REGIONS: Final = 64


@dataclass(frozen=True)
class Geometry:
    """See the attributes of the same names of `FrameSet`."""

    spacing: Spacing | None
    spacing_source: str
    aspect: float
    regions: tuple[Region, ...]


def read_geometry(dataset: Dataset, rows: int, columns: int) -> Geometry:
    """Spacing from the first attribute that has it, from the surest to the least."""
    regions = _regions(dataset, rows, columns)
    spacing, source = _spacing(dataset, regions)
    aspect = numbers(dataset, "PixelAspectRatio")
    if spacing is not None:
        ratio = spacing[0] / spacing[1]
    elif len(aspect) == 2 and min(aspect) > 0:
        ratio = aspect[0] / aspect[1]
    else:
        ratio = 1.0
    return Geometry(spacing, source, ratio if 0.05 <= ratio <= 20 else 1.0, regions)


def _spacing(dataset: Dataset, regions: tuple[Region, ...]) -> tuple[Spacing | None, str]:
    if found := _pair(group(dataset, "PixelMeasuresSequence"), "PixelSpacing"):
        return found, "PixelSpacing"
    if found := _pair(dataset, "ImagerPixelSpacing"):
        # measured at the detector: the object is smaller by the magnification
        factor = number(dataset, "EstimatedRadiographicMagnificationFactor") or 1.0
        factor = factor if factor > 0 else 1.0
        return (found[0] / factor, found[1] / factor), "ImagerPixelSpacing"
    if found := _pair(dataset, "NominalScannedPixelSpacing"):
        return found, "NominalScannedPixelSpacing"
    calibrated = {region.spacing for region in regions if region.spacing is not None}
    if len(calibrated) == 1:
        return calibrated.pop(), "UltrasoundRegion"
    return None, ""


def _pair(dataset: Dataset, keyword: str) -> Spacing | None:
    found = numbers(dataset, keyword)
    return (found[0], found[1]) if len(found) == 2 and min(found) > 0 else None


def _regions(dataset: Dataset, rows: int, columns: int) -> tuple[Region, ...]:
    """The calibrated regions, cut to the image; upside-down and empty ones are left out."""
    found = []
    for item in items(dataset, "SequenceOfUltrasoundRegions")[:_MAX_REGIONS]:
        corners = [whole(item, f"RegionLocation{corner}") for corner in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
        if None in corners:
            continue
        x0, y0, x1, y1 = (value or 0 for value in corners)
        x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, columns - 1), min(y1, rows - 1)
        if x0 <= x1 and y0 <= y1:
            found.append(Region(x0, y0, x1, y1, _region_spacing(item)))
    return tuple(found)


def _region_spacing(item: Dataset) -> Spacing | None:
    units = whole(item, "PhysicalUnitsXDirection"), whole(item, "PhysicalUnitsYDirection")
    across, down = number(item, "PhysicalDeltaX"), number(item, "PhysicalDeltaY")
    if units != (_CENTIMETRES, _CENTIMETRES) or not across or not down:
        return None
    return abs(down) * 10, abs(across) * 10


def frame_milliseconds(dataset: Dataset, frames: int) -> float | None:
    """The time from one frame to the next, if the image is a cine loop that says so."""
    if frames < 2:
        return None
    times = [time for time in numbers(dataset, "FrameTimeVector")[1:] if time > 0]
    vector = sum(times) / len(times) if times else None
    rates = (number(dataset, "RecommendedDisplayFrameRate"), number(dataset, "CineRate"))
    from_rates = [1000.0 / rate for rate in rates if rate is not None and rate > 0]
    candidates = [number(dataset, "FrameTime"), vector, *from_rates]
    return next((time for time in candidates if time is not None and time > 0), None)
