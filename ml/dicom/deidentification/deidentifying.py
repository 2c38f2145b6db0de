"""One file, from the bytes that came in to the bytes that may be kept."""

import hashlib
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filewriter import dcmwrite
from pydicom.tag import BaseTag

from ml.dicom.deidentification.burned_in import header_reason
from ml.dicom.deidentification.changes import Change, ChangeLog
from ml.dicom.deidentification.cleaning import UNREADABLE, Cleaner
from ml.dicom.deidentification.keys import InstitutionKey
from ml.dicom.deidentification.marking import file_meta, mark
from ml.dicom.deidentification.options import Options
from ml.dicom.deidentification.pixel_data import clean_pixel_data
from ml.dicom.deidentification.quiet import quietly
from ml.dicom.deidentification.residue import Identifiers, in_pixels, left_over, remove_residue
from ml.dicom.syntaxes import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, TransferSyntax, transfer_syntax

SPELLED: Final = "The data of the picture spell something that identifies the patient."
_PIXEL_GROUP: Final = 0x7FE0
_PIXELS: Final = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_FAILURES: Final = (*UNREADABLE, InvalidDicomError, EOFError, RecursionError)


class NotDeidentified(Exception):
    """The file could not be de-identified, so nothing of it may be kept. Never quotes the file."""


@dataclass(frozen=True)
class Deidentified:
    """`data`: the file to keep. `changes`: what was done, `changed` how many attributes, `kept` how many stayed.

    `quarantine`: why a person has to look at the picture before anyone uses it, or nothing.
    """

    data: bytes
    changes: tuple[Change, ...]
    changed: int
    kept: int
    quarantine: str


def deidentify(data: bytes, *, secret: bytes, institution: str, options: Options | None = None) -> Deidentified:
    """The file without what identifies its patient, its staff and its place (PS3.15 E.2, Basic Profile).

    Args:
        data: a DICOM file that screening has let in (a deflated one unpacks within limits); pixels aren't decoded.
        secret: the site's secret, at least 32 bytes.
        institution: the institution's lasting identifier; keys and so pseudonyms are its own.

    Raises:
        NotDeidentified: the object holds no picture (reports, documents and plans are made of what would have to
            go), or it can't be read, cleaned and written faithfully.
        ValueError: the secret is too short or the institution unnamed.
    """
    key = InstitutionKey.derive(secret, institution)
    try:
        with quietly():
            return _deidentify(data, key, options or Options())
    except _FAILURES as error:
        raise NotDeidentified(f"The file could not be de-identified ({type(error).__name__}).") from None


def preview(data: bytes, *, secret: bytes, institution: str, options: Options | None = None) -> Deidentified:
    """What `deidentify` would do, without the file."""
    done = deidentify(data, secret=secret, institution=institution, options=options)
    return Deidentified(b"", done.changes, done.changed, done.kept, done.quarantine)


def patient_of(ds: Dataset) -> tuple[str, ...]:
    """Whom the file is about, as far as it says: by ID, else by name and birth date, else by study."""
    issuer, patient_id = (_text(ds, keyword) for keyword in ("IssuerOfPatientID", "PatientID"))
    if patient_id:
        return "id", issuer, patient_id
    name, born = (_text(ds, keyword) for keyword in ("PatientName", "PatientBirthDate"))
    return ("name", name, born) if name.strip("^ ") else ("study", _text(ds, "StudyInstanceUID"))


def _deidentify(data: bytes, key: InstitutionKey, options: Options) -> Deidentified:
    ds = dcmread(BytesIO(data), force=True)
    if not any(keyword in ds for keyword in _PIXELS):
        raise NotDeidentified(
            "Only pictures can be de-identified: reports, documents and plans are made of what would have to go."
        )
    syntax = _transfer_syntax(ds)
    _name_the_nameless(ds, data)
    quarantine = header_reason(ds)
    known = Identifiers.of(ds)
    overlays = any(tag.group >> 8 == 0x60 for tag in _tags(ds))
    log = ChangeLog()
    cleaner = Cleaner(key, patient_of(ds), options, log)
    cleaner.clean(ds)
    clean_pixel_data(
        ds,
        encapsulated=syntax.encapsulated,
        little_endian=syntax.little_endian,
        embedded_overlays=overlays,
    )
    remove_residue(ds, known, log)
    mark(ds, options)
    if in_pixels(ds.get("PixelData") or b"", known):
        quarantine = quarantine or SPELLED
    written = _write(ds, syntax)
    if left_over(_header_of(ds, syntax), {cleaner.pseudonym, *_meanings(ds)}, known):
        raise NotDeidentified("The file still names something that identifies the patient in a place that must stay.")
    return Deidentified(written, tuple(log.changes), log.total, log.kept, quarantine)


def _transfer_syntax(ds: Dataset) -> TransferSyntax:
    meta = getattr(ds, "file_meta", None) or Dataset()
    if named := str(meta.get("TransferSyntaxUID", "")):
        return transfer_syntax(named)
    implicit, little = ds.original_encoding
    if little is False:
        return EXPLICIT_BIG
    return IMPLICIT_LITTLE if implicit else EXPLICIT_LITTLE


def _name_the_nameless(ds: Dataset, data: bytes) -> None:
    """UIDs for an image that lacks them: the same for the same bytes, so that it is known when it comes again."""
    meta = getattr(ds, "file_meta", None) or Dataset()
    if not _text(ds, "SOPInstanceUID") and _text(meta, "MediaStorageSOPInstanceUID"):
        ds.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    missing = [name for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID") if not _text(ds, name)]
    digest = hashlib.sha256(data).hexdigest() if missing else ""
    for name in missing:
        setattr(ds, name, f"{name} of {digest}")  # replaced like every other UID


def _write(ds: Dataset, syntax: TransferSyntax) -> bytes:
    ds.preamble = bytes(128)
    ds.file_meta = file_meta(ds, syntax.uid)
    out = BytesIO()
    dcmwrite(out, ds, enforce_file_format=True)
    return out.getvalue()


def _header_of(ds: Dataset, syntax: TransferSyntax) -> bytes:
    """The file without its pixels, not deflated: what a search for names has to go through."""
    header = Dataset({tag: ds.get_item(tag) for tag in _tags(ds) if tag.group < _PIXEL_GROUP})
    return _write(header, EXPLICIT_LITTLE if syntax.little_endian else syntax)


def _tags(ds: Dataset) -> list[BaseTag]:
    return list(ds.keys())


def _meanings(ds: Dataset) -> set[str]:
    """The meanings of the codes, which are the standard's own words: "Breast" is no name there."""
    return {str(element.value) for element in ds.iterall() if element.keyword == "CodeMeaning"}


def _text(ds: Dataset, keyword: str) -> str:
    try:
        return str(ds.get(keyword) or "").strip(" \0")
    except UNREADABLE:
        return ""
