"""Identities removed on the way in, where an institution asks for it.

The file that came is only screened. What is decoded, stored and written into rows is the cleaned file; if cleaning
fails there is none, and nothing of the file is kept but its SHA-256.
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from django.conf import settings

from accounts.models import Institution
from diagnosis.models import IntakePolicy
from ml.dicom.deidentification import (
    Change,
    NotDeidentified,
    Options,
    deidentify,
    pixels_reason,
    preview,
    rewrite_picture,
)
from ml.dicom.deidentification.burned_in import UNSAID
from ml.dicom.deidentification.keys import InstitutionKey
from ml.dicom.inspection import Inspection, inspect

OPTIONS = Options()
DIRECTORY_NAMES = (
    "The directory of a disc (DICOMDIR) names its patients, so it is not kept here. The disc’s images are taken in "
    "one by one."
)
CLEANED_IS_DAMAGED = "What is left of the file without its identities is no sound image, so nothing was stored."
# What was odd about the file that came and is not about the cleaned one.
NO_LONGER_TRUE = frozenset({"preamble_zeroed", "identifiers_derived", "recovered_without_meta"})
ENDINGS = frozenset({".dcm", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".zip"})


@dataclass(frozen=True)
class Incoming:
    """A file as intake goes on with it.

    Attributes:
        path: the file to store: the one that came, or the cleaned one.
        inspection: of the file to store.
        source: of the file that came; its SHA-256 tells whether it comes again.
        quarantine: why a person has to look at the picture first, or nothing.
        is_deidentified: whether identities were removed.
    """

    path: Path
    inspection: Inspection
    source: Inspection
    quarantine: str = ""
    is_deidentified: bool = False


def removes_identities(institution: Institution) -> bool:
    """Whether the institution has identities removed from what comes in."""
    return IntakePolicy.objects.filter(institution=institution, deidentify=True).exists()


def apply_policy(*, institution: Institution, path: Path, file_name: str, modality: str, folder: Path) -> Incoming:
    """Inspects and decodes a file that came, without its identities where the institution wants that.

    The decoded frames, and the cleaned file, lie in `folder` afterwards; the file at `path` is left as it is. A file
    that can't be cleaned comes out refused.
    """
    if not removes_identities(institution):
        inspection = inspect(path, file_name=file_name, modality=modality, decode_into=folder)
        return Incoming(path, inspection, inspection)
    # A picture says nothing but its pixels, so they are what is kept of it; DICOM is cleaned before it is decoded.
    source = inspect(path, file_name=file_name, modality=modality)
    if source.status == "refused":
        return Incoming(path, source, source)
    if source.code == "directory":
        return _refused(path, source, "not_deidentifiable", DIRECTORY_NAMES)
    try:
        if source.format == "dicom":
            return _clean_dicom(institution, path, source, folder)
        return _clean_picture(path, source, modality, folder)
    except NotDeidentified as error:
        return _refused(path, source, "not_deidentifiable", f"{error} Nothing was stored.")


def pseudonym(institution: Institution, patient_id: str) -> str:
    """What stands for a patient's number where identities are removed; the same as in that patient's DICOM files."""
    if not patient_id or not removes_identities(institution):
        return patient_id
    return _key(institution).pseudonym(("id", "", patient_id.strip()))


def stored_name(institution: Institution, name: str, public_id: object) -> str:
    """What a file is called in lists: people name files after patients, so where identities go, names go as well."""
    if not removes_identities(institution):
        return name
    ending = PurePath(name).suffix.lower()
    return f"{str(public_id)[:8]}{ending if ending in ENDINGS else ''}"


def preview_file(*, institution: Institution, path: Path) -> tuple[tuple[Change, ...], int, int, str]:
    """What would be changed in a DICOM file: the changes, how many there are, how many attributes stay, and why a
    person would have to look at the picture. Nothing is stored.

    Raises:
        NotDeidentified: the file could not be cleaned, or is no DICOM file; the message says why.
    """
    inspection = inspect(path, modality=None)
    if inspection.status == "refused":
        raise NotDeidentified(inspection.message)
    if inspection.format != "dicom":
        raise NotDeidentified(
            "This is a picture, not a DICOM file. Of pictures the pixels alone are kept, written into a new file; "
            "everything else goes. Choose a DICOM file to see what would change in it."
        )
    shown = preview(path.read_bytes(), secret=_secret(), institution=_identifier(institution), options=OPTIONS)
    return shown.changes, shown.changed, shown.kept, shown.quarantine


def _clean_dicom(institution: Institution, path: Path, source: Inspection, folder: Path) -> Incoming:
    done = deidentify(path.read_bytes(), secret=_secret(), institution=_identifier(institution), options=OPTIONS)
    cleaned = folder / "deidentified.dcm"
    cleaned.write_bytes(done.data)
    inspection = inspect(cleaned, decode_into=folder)
    if inspection.status == "refused":
        # A picture that can't be decoded is refused for that; a cleaned file of another form is our own failure.
        damaged = inspection.code not in {"decode_failed", "decode_out_of_memory"}
        message = CLEANED_IS_DAMAGED if damaged else inspection.message
        return _refused(path, source, "not_deidentifiable" if damaged else inspection.code, message)
    reason = done.quarantine
    if not reason and inspection.frames is not None:
        reason = pixels_reason(folder, inspection.frames)
    return _cleaned(cleaned, inspection, source, reason)


def _clean_picture(path: Path, source: Inspection, modality: str, folder: Path) -> Incoming:
    decoded = inspect(path, modality=modality, decode_into=folder)
    if decoded.status == "refused" or decoded.frames is None:
        return Incoming(path, decoded, source)
    cleaned = folder / "deidentified"
    cleaned.write_bytes(rewrite_picture(folder, decoded.frames))
    inspection = inspect(cleaned, modality=modality, decode_into=folder)
    if inspection.status == "refused":
        return _refused(path, source, "not_deidentifiable", CLEANED_IS_DAMAGED)
    return _cleaned(cleaned, inspection, source, UNSAID)


def _cleaned(path: Path, inspection: Inspection, source: Inspection, quarantine: str) -> Incoming:
    remarks = {remark.code: remark for remark in (*source.warnings, *inspection.warnings)}
    kept = tuple(remark for code, remark in remarks.items() if code not in NO_LONGER_TRUE)
    return Incoming(path, replace(inspection, warnings=kept), source, quarantine, is_deidentified=True)


def _refused(path: Path, source: Inspection, code: str, message: str) -> Incoming:
    refused = replace(source, status="refused", code=code, message=message, header=None, frames=None)
    return Incoming(path, refused, source)


def _key(institution: Institution) -> InstitutionKey:
    return InstitutionKey.derive(_secret(), _identifier(institution))


def _identifier(institution: Institution) -> str:
    """What lasts: a hospital may be renamed."""
    return str(institution.public_id)


def _secret() -> bytes:
    """The site's secret, brought to one length whatever its form."""
    return hashlib.sha256(settings.DEIDENTIFICATION_KEY.encode()).digest()
