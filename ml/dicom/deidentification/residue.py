"""A last look for what the file said of its patient, in whatever is left of it.

Allow-list and profile go by an attribute's meaning; this goes by the values. A name or number that identified
the patient, an institution or a device before must not stand anywhere after.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from pydicom._uid_dict import UID_dictionary
from pydicom.dataset import Dataset

from ml.dicom.deidentification.allowed import PIXELS
from ml.dicom.deidentification.changes import ChangeLog
from ml.dicom.deidentification.cleaning import CLASS_UIDS, PSEUDONYMS, UNREADABLE
from ml.dicom.deidentification.values import values_of

_IDENTIFYING_KEYWORDS: Final = """
    PatientID OtherPatientIDs IssuerOfPatientID AccessionNumber StudyID AdmissionID ServiceEpisodeID
    MedicalRecordLocator PatientAddress PatientTelephoneNumbers PatientTelecomInformation InstitutionName
    InstitutionAddress StationName DeviceSerialNumber PatientInsurancePlanCodeSequence MilitaryRank
    FillerOrderNumberImagingServiceRequest PlacerOrderNumberImagingServiceRequest RequestedProcedureID
    ScheduledProcedureStepID PerformedProcedureStepID ClinicalTrialSubjectID IssuerOfAdmissionID PatientBirthDate
"""
_IDENTIFYING: Final = frozenset(_IDENTIFYING_KEYWORDS.split())
_OF_THE_PATIENT: Final = frozenset(
    {"PatientName", "PatientID", "OtherPatientIDs", "AccessionNumber", "PatientBirthDate"}
)
_VALIDATED: Final = frozenset(
    {"SpecificCharacterSet", "Modality", "PhotometricInterpretation", "CodingSchemeDesignator"}
)
_SEARCHED: Final = frozenset({"CS", "SH", "LO", "ST", "LT", "UT", "UC", "DS", "IS"})
_BINARY: Final = frozenset({"OB", "OW", "UN"})
_NAME_PARTS: Final = re.compile(r"[\^=\s,.;/\\]+")
_DIGITS: Final = re.compile(r"\d{5,}")
_SHORTEST_WORD: Final = 3
_SHORTEST_FOREIGN_WORD: Final = 2
_SHORTEST_NUMBER: Final = 5
_SHORTEST_BYTES: Final = 6
_MOST_IN_PIXELS: Final = 16


@dataclass
class Identifiers:
    """What a file says of its patient and of where it was made. Never logged, never stored."""

    words: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    uids: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    of_the_patient: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, ds: Dataset) -> "Identifiers":
        """Everything identifying in `ds`, at every depth, and in its file meta information."""
        found = cls()
        found._take(ds)
        if meta := getattr(ds, "file_meta", None):
            found._take(meta)
        return found

    def _take(self, ds: Dataset) -> None:
        for tag in list(ds.keys()):
            try:
                element = ds[tag]
            except UNREADABLE:
                continue
            if element.VR == "SQ":
                for item in element.value:
                    self._take(item)
            elif element.VR == "UI":
                if element.keyword not in CLASS_UIDS:
                    self.uids.update(str(value) for value in values_of(element) if value not in UID_dictionary)
            elif element.VR in {"PN", "AE"} or element.keyword in _IDENTIFYING:
                for value in values_of(element):
                    self._add(str(value), name=element.VR == "PN", patient=element.keyword in _OF_THE_PATIENT)

    def _add(self, value: str, *, name: bool, patient: bool) -> None:
        value = value.strip(" \0")
        parts = [part for part in _NAME_PARTS.split(value) if part] if name else _DIGITS.findall(value)
        for part in {value, *parts}:
            if any(character.isdigit() for character in part):
                self.numbers.add(part.casefold())
            elif len(part) >= (_SHORTEST_WORD if part.isascii() else _SHORTEST_FOREIGN_WORD):
                self.words.add(part.casefold())
        spelled = {value, *parts} if name else {value}
        if name or patient:
            self.names |= spelled
        if patient:
            self.of_the_patient |= spelled

    def named_in(self, text: str) -> bool:
        """Whether the text contains one of the names as a word, or one of the numbers anywhere."""
        text = text.casefold().strip(" \0")
        if not text:
            return False
        if any(text == number or (len(number) >= _SHORTEST_NUMBER and number in text) for number in self.numbers):
            return True
        return any(word in text and (not word.isascii() or _stands_alone(word, text)) for word in self.words)

    def as_bytes(self, encodings: Iterable[str], *, of_the_patient: bool = False) -> Iterator[bytes]:
        """The values long enough not to be met by chance, as they may lie in a file."""
        chosen = self.of_the_patient if of_the_patient else self.names | self.uids
        for value in sorted(chosen, key=len, reverse=True):
            for encoding in encodings:
                try:
                    found = value.encode(encoding)
                except (UnicodeEncodeError, LookupError):
                    continue
                if len(found) >= _SHORTEST_BYTES:
                    yield found


def _stands_alone(word: str, text: str) -> bool:
    """Whether no letter touches the word: "Lee" isn't in "sleeve". Many scripts don't part words; ASCII ones do."""
    return re.search(rf"(?<![^\W\d_]){re.escape(word)}(?![^\W\d_])", text) is not None


def remove_residue(ds: Dataset, known: Identifiers, log: ChangeLog, path: str = "") -> None:
    """Empties every kept text that names an identifier, at every depth."""
    for tag in list(ds.keys()):
        element = ds[tag]
        if element.VR == "SQ":
            for number, item in enumerate(element.value, start=1):
                remove_residue(item, known, log, f"{path}{element.keyword}[{number}] › ")
        elif element.keyword in _VALIDATED or element.keyword in PSEUDONYMS:
            continue
        elif element.VR in _SEARCHED:
            if any(_named(str(value), element.keyword, element.VR, known) for value in values_of(element)):
                log.add(tag, path, "emptied", element.value)
                element.value = None
        elif element.VR in _BINARY and element.keyword not in PIXELS and _spelled(element.value, known):
            log.add(tag, path, "removed", element.value)
            del ds[tag]


def _spelled(value: bytes | None, known: Identifiers) -> bool:
    return any(needle in (value or b"") for needle in known.as_bytes(("utf-8", "utf-16-be", "utf-16-le")))


def _named(text: str, keyword: str, vr: str, known: Identifiers) -> bool:
    """Numbers, and the dictionary's own words for a code, are only compared with long identifiers."""
    if vr in {"DS", "IS"} or keyword == "CodeMeaning":
        text = text.casefold()
        return any(len(number) > _SHORTEST_NUMBER and number in text for number in known.numbers)
    return known.named_in(text)


def in_pixels(pixels: bytes, known: Identifiers) -> bool:
    """Whether the bytes of the pixel data spell one of the patient's own identifiers."""
    needles = list(known.as_bytes(("utf-8",), of_the_patient=True))[:_MOST_IN_PIXELS]
    return any(needle in pixels for needle in needles)


def left_over(written: bytes, own: Iterable[str], known: Identifiers) -> bool:
    """Whether a written header still spells an identifier; `own` are the new names it rightly holds."""
    for name in own:
        written = written.replace(name.encode(), b"")
    written = re.sub(rb"2\.25\.\d+", b"", written)
    written = written.lower()
    return any(needle.lower() in written for needle in known.as_bytes(("utf-8", "latin-1")))
