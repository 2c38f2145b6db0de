"""The four levels at which DICOM describes an image: patient, study, series and the image itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class PatientHeader:
    """DICOM's patient level; text as it stands in the file, decoded; empty when absent."""

    patient_id: str
    issuer: str
    name: str
    birth_date: str
    sex: str


@dataclass(frozen=True)
class StudyHeader:
    """DICOM's study level; `date` is YYYYMMDD and `time` HHMMSS[.F], or empty."""

    uid: str
    date: str
    time: str
    description: str
    accession_number: str


@dataclass(frozen=True)
class SeriesHeader:
    """DICOM's series level; `laterality` is 'L', 'R', 'B' or empty."""

    uid: str
    number: int | None
    modality: str
    description: str
    body_part: str
    laterality: str


@dataclass(frozen=True)
class InstanceHeader:
    """DICOM's image level.

    `rows`, `columns` and `frames` are 0 where the object has no pixels. `laterality` is 'L', 'R', 'B' or empty,
    `view_position` a code such as 'CC' or 'MLO',
    `patient_orientation` the directions of the rows and of the columns such as ("A", "FR"), or empty,
    `burned_in_annotation` 'YES', 'NO' or empty.
    """

    uid: str
    sop_class_uid: str
    sop_class_name: str
    transfer_syntax_uid: str
    transfer_syntax_name: str
    number: int | None
    rows: int
    columns: int
    frames: int
    photometric: str
    bits_allocated: int
    bits_stored: int
    is_signed: bool
    laterality: str
    view_position: str
    patient_orientation: tuple[str, ...]
    burned_in_annotation: str
    image_type: tuple[str, ...]
    conversion_type: str
    lossy: bool


@dataclass(frozen=True)
class Header:
    """All four levels of one file."""

    patient: PatientHeader
    study: StudyHeader
    series: SeriesHeader
    instance: InstanceHeader

    def as_dict(self) -> dict[str, Any]:
        """The header in JSON types."""
        found = asdict(self)
        found["instance"]["image_type"] = list(self.instance.image_type)
        found["instance"]["patient_orientation"] = list(self.instance.patient_orientation)
        return found
