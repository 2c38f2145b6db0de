"""Cleaning a data set, the innermost sequences first, until only allowed and changed attributes are left."""

import struct
from typing import Any, Final

from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from ml.dicom.deidentification.allowed import CODE_ATTRIBUTES, is_allowed
from ml.dicom.deidentification.changes import ChangeLog, How
from ml.dicom.deidentification.codes import clean_code
from ml.dicom.deidentification.dates import is_time, shifted_date, shifted_date_time
from ml.dicom.deidentification.keys import InstitutionKey
from ml.dicom.deidentification.options import Options
from ml.dicom.deidentification.profile import profile_action, put_dummy
from ml.dicom.deidentification.values import capped_age, has_right_kind, is_sound, values_of

UNREADABLE: Final = (
    AttributeError,
    LookupError,
    NotImplementedError,
    OverflowError,
    TypeError,
    ValueError,
    struct.error,
)
"""What pydicom raises at values that don't have the form they claim."""
MAX_DEPTH: Final = 32
PSEUDONYMS: Final = frozenset({"PatientName", "PatientID"})
CLASS_UIDS: Final = frozenset({"SOPClassUID", "ReferencedSOPClassUID"})
_CHARACTERISTICS: Final = frozenset({"PatientSex", "PatientAge", "PatientSize", "PatientWeight"})
_OPTIONAL_DATES: Final = frozenset({"SeriesDate", "SeriesTime", "InstanceCreationDate", "InstanceCreationTime"})
_TEMPORAL: Final = frozenset({"DA", "DT", "TM"})


class Cleaner:
    """Applies the profile to data sets of one patient."""

    def __init__(self, key: InstitutionKey, patient: tuple[str, ...], options: Options, log: ChangeLog) -> None:
        self.key = key
        self.pseudonym = key.pseudonym(patient)
        self.days = key.date_shift(patient)
        self.options = options
        self.log = log

    def clean(self, ds: Dataset, path: str = "", depth: int = 0) -> None:
        """Changes `ds` in place, with everything inside it.

        Raises:
            ValueError: sequences are nested deeper than 32.
        """
        if depth > MAX_DEPTH:
            raise ValueError("sequences are nested too deep")
        for tag in list(ds.keys()):
            element = self._readable(ds, tag, nested=depth > 0)
            if element is None:
                self._remove(ds, tag, path)
            elif element.VR == "SQ":
                self._clean_sequence(ds, element, path, depth)
            else:
                self._clean_value(ds, element, path)

    def _readable(self, ds: Dataset, tag: BaseTag, *, nested: bool) -> DataElement | None:
        """The element if its attribute may stay and its value has the right form."""
        if not is_allowed(tag, nested=nested):
            return None
        try:
            element = ds[tag]
            return element if has_right_kind(element) and is_sound(element) else None
        except UNREADABLE:
            return None

    def _clean_sequence(self, ds: Dataset, element: DataElement, path: str, depth: int) -> None:
        action = profile_action(element.tag)
        if action == "remove":
            self._remove(ds, element.tag, path)
        elif action in {"empty", "replace"}:
            self.log.add(element.tag, path, "emptied", element.value)
            element.value = []
        else:
            kept = []
            for number, item in enumerate(element.value, start=1):
                self.clean(item, f"{path}{element.keyword}[{number}] › ", depth + 1)
                if not any(name in item for name in CODE_ATTRIBUTES) or clean_code(item):
                    kept.append(item)
            if len(kept) < len(element.value):
                self._drop_items(ds, element, kept, path)

    def _drop_items(self, ds: Dataset, element: DataElement, kept: list[Dataset], path: str) -> None:
        """Entries of a local coding scheme go; their sequence goes with the last of them."""
        if not kept:
            self._remove(ds, element.tag, path)
            return
        before = element.value
        element.value = kept
        self.log.add(element.tag, path, "replaced", before, element.value)

    def _clean_value(self, ds: Dataset, element: DataElement, path: str) -> None:
        keyword = element.keyword
        action = profile_action(element.tag)
        if element.VR == "UI":
            if keyword not in CLASS_UIDS:
                new = [self.key.uid(str(value)) for value in values_of(element)]
                self._set(element, new, path, "replaced")
        elif keyword in PSEUDONYMS:
            self._set(element, [self.pseudonym], path, "replaced")
        elif keyword in _CHARACTERISTICS and self.options.characteristics:
            if keyword == "PatientAge":
                self._set(element, [capped_age(str(element.value or ""))], path, "replaced")
        elif action is None:
            self.log.kept += 1
        elif action == "remove":
            self._remove(ds, element.tag, path)
        elif element.VR in _TEMPORAL and keyword != "PatientBirthDate":
            self._clean_date(ds, element, path)
        elif action == "empty":
            self._set(element, [], path, "emptied")
        else:
            self._put_dummy(element, path)

    def _clean_date(self, ds: Dataset, element: DataElement, path: str) -> None:
        if self.options.dates == "removed":
            if element.keyword in _OPTIONAL_DATES:
                self._remove(ds, element.tag, path)
            elif profile_action(element.tag) == "empty":
                self._set(element, [], path, "emptied")
            else:
                self._put_dummy(element, path)
            return
        values = [str(value) for value in values_of(element)]
        if element.VR == "TM":
            new = [value if is_time(value) else "" for value in values]
        else:
            shift = shifted_date if element.VR == "DA" else shifted_date_time
            new = [shift(value, self.days) or "" for value in values]
        self._set(element, new, path, "shifted" if any(new) else "emptied")

    def _put_dummy(self, element: DataElement, path: str) -> None:
        before = element.value
        if before in (None, "", b""):
            return
        put_dummy(element)
        self.log.add(element.tag, path, "replaced", before, element.value)

    def _set(self, element: DataElement, new: list[str], path: str, how: How) -> None:
        before = element.value
        element.value = new if len(new) > 1 else (new[0] if new else "")
        if str(before or "") == str(element.value or ""):
            self.log.kept += 1
        else:
            self.log.add(element.tag, path, how, before, element.value)

    def _remove(self, ds: Dataset, tag: BaseTag, path: str) -> None:
        self.log.add(tag, path, "removed", _raw_value(ds, tag))
        del ds[tag]


def _raw_value(ds: Dataset, tag: BaseTag) -> Any:
    """What the preview shows of an element that goes; its value is not trusted to be readable."""
    try:
        return ds[tag].value
    except UNREADABLE:
        raw = ds.get_item(tag)
        return raw.value if isinstance(raw, RawDataElement) else keyword_for_tag(tag)
