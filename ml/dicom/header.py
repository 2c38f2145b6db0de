"""Reading what a file says of its patient, study, series and image, as plain text and numbers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Final

from ml.dicom.elements import Elements
from ml.dicom.file_meta import FileMeta
from ml.dicom.levels import Header, InstanceHeader, PatientHeader, SeriesHeader, StudyHeader
from ml.dicom.outcomes import Refusal
from ml.dicom.sop_classes import sop_class_name

_MAX_TEXT: Final = 64
_MAX_NAME: Final = 200
_MAX_DESCRIPTION: Final = 200
_UID: Final = re.compile(r"(?!.*\.\.)[0-9A-Za-z][0-9A-Za-z._-]{0,63}")
_STRICT_UID: Final = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
_SIDES: Final = {"L": "L", "R": "R", "B": "B", "LEFT": "L", "RIGHT": "R", "BOTH": "B"}
_ORIENTATION_PATIENT: Final = 0x0020_0037
_VIEW_CODE_SEQUENCE: Final = 0x0054_0220
_VIEWS: Final = {  # PS3.16 CID 4014, in SNOMED CT and in the older SNOMED-RT style
    "399162004": "CC",
    "R-10242": "CC",
    "399368009": "MLO",
    "R-10226": "MLO",
    "399260004": "ML",
    "R-10224": "ML",
    "399352003": "LM",
    "R-10228": "LM",
    "399099002": "LMO",
    "R-10230": "LMO",
    "399196006": "FB",
    "R-10244": "FB",
    "399188001": "SIO",
    "R-102D0": "SIO",
    "441555000": "ISO",
    "399192008": "XCCL",
    "R-1024A": "XCCL",
    "399101009": "XCCM",
    "R-1024B": "XCCM",
    "127457009": "SPECIMEN",
    "G-8310": "SPECIMEN",
}


def read_header(elements: Elements, meta: FileMeta, sha256: str = "") -> Header:
    """Read the header of a data set whose structure has been checked.

    Where `sha256`, the file's digest, is given, missing UIDs of study, series and object are derived from it: such a
    file is a study of its own, and the same file always the same one.

    Raises:
        Refusal: missing_identifiers, when a UID of the study, series, object or its class is missing or can't be one.
    """
    sop_class = elements.uid(0x0008_0016) or meta.sop_class_uid
    _require_uid(elements, sop_class, "SOP Class UID", "")
    return Header(
        patient=PatientHeader(
            patient_id=_identifier(elements, 0x0010_0020),
            issuer=_identifier(elements, 0x0010_0021),
            name=_shortened(elements, elements.text(0x0010_0010), _MAX_NAME),
            birth_date=_date(elements, 0x0010_0030),
            sex=elements.code(0x0010_0040)[:_MAX_TEXT],
        ),
        study=StudyHeader(
            uid=_require_uid(elements, elements.uid(0x0020_000D), "Study Instance UID", sha256),
            date=_date(elements, 0x0008_0020),
            time=elements.text(0x0008_0030)[:16],
            description=_shortened(elements, elements.text(0x0008_1030), _MAX_DESCRIPTION),
            accession_number=_identifier(elements, 0x0008_0050),
        ),
        series=SeriesHeader(
            uid=_require_uid(elements, elements.uid(0x0020_000E), "Series Instance UID", sha256),
            number=_small(elements.integer(0x0020_0011)),
            modality=elements.code(0x0008_0060)[:_MAX_TEXT],
            description=_shortened(elements, elements.text(0x0008_103E), _MAX_DESCRIPTION),
            body_part=elements.code(0x0018_0015)[:_MAX_TEXT],
            laterality=_SIDES.get(elements.code(0x0020_0060), ""),
        ),
        instance=_instance(elements, meta, sop_class, sha256),
    )


def _instance(elements: Elements, meta: FileMeta, sop_class: str, sha256: str) -> InstanceHeader:
    allocated = elements.short(0x0028_0100) or 0
    uid = elements.uid(0x0008_0018) or meta.sop_instance_uid
    return InstanceHeader(
        uid=_require_uid(elements, uid, "SOP Instance UID", sha256),
        sop_class_uid=sop_class,
        sop_class_name=sop_class_name(sop_class),
        transfer_syntax_uid=meta.syntax.uid,
        transfer_syntax_name=meta.syntax.name,
        number=_small(elements.integer(0x0020_0013)),
        rows=elements.short(0x0028_0010) or 0,
        columns=elements.short(0x0028_0011) or 0,
        frames=_frames(elements),
        photometric=elements.code(0x0028_0004)[:_MAX_TEXT],
        bits_allocated=allocated,
        bits_stored=elements.short(0x0028_0101) or allocated,
        is_signed=elements.short(0x0028_0103) == 1,
        laterality=_laterality(elements),
        view_position=_view(elements),
        patient_orientation=_orientation(elements),
        burned_in_annotation=code if (code := elements.code(0x0028_0301)) in ("YES", "NO") else "",
        image_type=tuple(value[:_MAX_TEXT] for value in elements.code_values(0x0008_0008)[:16]),
        conversion_type=elements.code(0x0008_0064)[:_MAX_TEXT],
        lossy=elements.code(0x0028_2110) == "01" or meta.syntax.lossy,
    )


def _frames(elements: Elements) -> int:
    """Number of Frames; 1 where it is absent, 0 where there are no pixels or the value is no number."""
    if elements.pixels is None:
        return 0
    if not elements.text(0x0028_0008):
        return 1
    return max(elements.integer(0x0028_0008) or 0, 0)


def _laterality(elements: Elements) -> str:
    """Image Laterality, else the frames' (both sides make 'B'), else the series'; unpaired parts have none."""
    if side := _SIDES.get(elements.code(0x0020_0062), ""):
        return side
    sides = {_SIDES.get(text.upper(), "") for text in elements.nested_text(0x0020_9072)} - {""}
    if sides:
        return sides.pop() if len(sides) == 1 else "B"
    return _SIDES.get(elements.code(0x0020_0060), "")


def _view(elements: Elements) -> str:
    if view := elements.code(0x0018_5101)[:16]:
        return view
    for text in elements.nested_text(_VIEW_CODE_SEQUENCE, 0x0008_0100):
        if known := _VIEWS.get(text.upper()):
            return known
    return next((text.upper()[:16] for text in elements.nested_text(0x0018_5101)), "")


def _orientation(elements: Elements) -> tuple[str, ...]:
    """Patient Orientation, else what the direction cosines say (PS3.3 C.7.6.1.1.1, C.7.6.2.1.1)."""
    stated = tuple(part for part in elements.code_values(0x0020_0020)[:2] if re.fullmatch("[LRAPHF]{1,3}", part))
    if len(stated) == 2:
        return stated
    texts = (elements.text(_ORIENTATION_PATIENT), *elements.nested_text(_ORIENTATION_PATIENT))
    try:
        cosines = [float(part) for part in next(text for text in texts if text).split("\\")]
    except (StopIteration, ValueError):
        return ()
    return (_direction(cosines[:3]), _direction(cosines[3:])) if len(cosines) == 6 else ()


def _direction(cosines: Sequence[float]) -> str:
    """The letters of a direction, its largest part first; parts under a tenth are left out."""
    parts = sorted(zip(cosines, ("RL", "AP", "FH"), strict=True), key=lambda part: -abs(part[0]))
    return "".join(letters[value > 0] for value, letters in parts if abs(value) >= 0.1)


def _require_uid(elements: Elements, uid: str, name: str, sha256: str) -> str:
    if not uid and sha256:
        elements.remark("identifiers_derived")
        digest = hashlib.sha256(f"{name} of {sha256}".encode()).digest()
        return f"2.25.{int.from_bytes(digest[:16], 'big')}"  # PS3.5 B.2
    if not _UID.fullmatch(uid):
        wrong = "is missing" if not uid else "is not one"
        raise Refusal(
            "missing_identifiers",
            f"The file's {name} {wrong}, so that it can't be filed. Export the image again from the system that "
            "made it.",
            attribute=name,
        )
    if not _STRICT_UID.fullmatch(uid):
        elements.remark("invalid_uid")
    return uid


def _identifier(elements: Elements, tag: int) -> str:
    """A text that identifies: if it is too long its end is replaced by a digest, so that it stays distinct."""
    text = elements.text(tag)
    if len(text) <= _MAX_TEXT:
        return text
    elements.remark("value_shortened")
    digest = hashlib.sha256(elements.raw(tag)).hexdigest()[:16]
    return f"{text[: _MAX_TEXT - 17]}…{digest}"


def _shortened(elements: Elements, text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    elements.remark("value_shortened")
    return text[: limit - 1] + "…"


def _date(elements: Elements, tag: int) -> str:
    """A date as YYYYMMDD; the old form with dots is understood, anything else is no date."""
    text = elements.text(tag).split("\\", 1)[0].replace(".", "").strip()
    if len(text) == 8 and text.isascii() and text.isdigit():
        return text
    if text:
        elements.remark("invalid_value")
    return ""


def _small(number: int | None) -> int | None:
    """A number that fits a 32-bit column."""
    return number if number is not None and abs(number) < 2**31 else None
