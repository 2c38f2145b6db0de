"""Pseudonyms, UIDs and dates: the same everywhere and for ever, and meaningless without the key."""

import os
import subprocess
import sys

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydicom._uid_dict import UID_dictionary

from ml.dicom.deidentification.dates import is_time, shifted_date, shifted_date_time
from ml.dicom.deidentification.keys import InstitutionKey
from tests.ml.dicom.deidentification.conftest import SECRET, cleaned, read

KEY = InstitutionKey.derive(SECRET, "hospital-1")
UIDS = ("1.2.3.4", "1.2.840.113619.2.1.1.1", "2.25.99", "1.2.3." + "9" * 58)


def test_deid_04_another_process_derives_the_same_names():
    program = (
        "import sys; from ml.dicom.deidentification.keys import InstitutionKey as K; "
        "k = K.derive(sys.argv[1].encode(), 'hospital-1'); p = ('id', '', 'MRN-1'); "
        "print(*[k.uid(uid) for uid in sys.argv[2:]], k.pseudonym(p), k.date_shift(p))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "77"}
    there = subprocess.run(
        [sys.executable, "-c", program, SECRET.decode(), *UIDS],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    patient = ("id", "", "MRN-1")
    assert there == [*map(KEY.uid, UIDS), KEY.pseudonym(patient), str(KEY.date_shift(patient))]


def test_deid_04_names_are_pinned_so_that_a_new_version_cannot_change_them():
    assert KEY.uid("1.2.3.4") == "2.25.198150460139519813391994597817922628561"
    assert KEY.pseudonym(("id", "", "MRN-1")) == "TBILM5TVHH7GVPSR"
    assert KEY.date_shift(("id", "", "MRN-1")) == 2530


def test_deid_04_references_between_files_stay_whole(image):
    image.ReferencedImageSequence = [type(image)()]
    image.ReferencedImageSequence[0].ReferencedSOPInstanceUID = "1.2.3.4.5.6.7.55"
    first = read(cleaned(image))
    image.SOPInstanceUID = "1.2.3.4.5.6.7.55"
    second = read(cleaned(image))
    assert first.ReferencedImageSequence[0].ReferencedSOPInstanceUID == second.SOPInstanceUID
    assert first.StudyInstanceUID == second.StudyInstanceUID
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert first.file_meta.MediaStorageSOPInstanceUID == first.SOPInstanceUID


def test_deid_04_names_depend_on_the_institution_and_the_secret(image):
    elsewhere = InstitutionKey.derive(SECRET, "hospital-2")
    other_secret = InstitutionKey.derive(b"another secret of thirty-two byte", "hospital-1")
    assert len({key.uid("1.2.3.4") for key in (KEY, elsewhere, other_secret)}) == 3
    assert read(cleaned(image)).PatientID != read(cleaned(image, "hospital-2")).PatientID


@given(st.text(alphabet="0123456789.", min_size=1, max_size=64))
def test_deid_04_every_uid_becomes_a_valid_one(uid):
    assume(uid not in UID_dictionary)  # what the standard registers stays
    new = KEY.uid(uid)
    assert new.startswith("2.25.")
    assert len(new) <= 44
    assert not new.startswith("2.25.0")
    assert KEY.uid(" " + uid + "\0") == new


def test_deid_04_what_the_standard_registers_keeps_its_uid():
    assert KEY.uid("1.2.840.10008.1.2.1") == "1.2.840.10008.1.2.1"
    assert KEY.uid("1.2.840.10008.1.2.99999") != "1.2.840.10008.1.2.99999"


def test_parts_of_a_patients_identity_don_t_run_together():
    assert KEY.pseudonym(("id", "A", "BC")) != KEY.pseudonym(("id", "AB", "C"))


def test_a_short_secret_or_no_institution_is_refused():
    with pytest.raises(ValueError, match="32"):
        InstitutionKey.derive(b"short", "hospital-1")
    with pytest.raises(ValueError, match="institution"):
        InstitutionKey.derive(SECRET, "")
    assert SECRET.hex()[:8] not in repr(KEY)
    assert repr(KEY) == "InstitutionKey(…)"


def test_deid_05_the_days_between_a_patients_dates_are_kept(image):
    shifts = set()
    for study_date, series_date in (("20240229", "20240301"), ("19991231", "20000101")):
        image.StudyDate, image.SeriesDate, image.AcquisitionDateTime = study_date, series_date, series_date + "235959.5"
        result = read(cleaned(image))
        shifts |= {_days(study_date) - _days(result.StudyDate), _days(series_date) - _days(result.SeriesDate)}
        assert result.AcquisitionDateTime == result.SeriesDate + "235959.5"
    assert len(shifts) == 1
    assert shifts == {KEY.date_shift(("id", "", "MRN-7788991"))}
    image.PatientID = "MRN-2"
    assert _days("19991231") - _days(read(cleaned(image)).StudyDate) not in shifts


def test_deid_05_nested_dates_move_with_the_others(image):
    content = type(image)()
    content.FrameAcquisitionDateTime = "20240229101500"
    frame = type(image)()
    frame.FrameContentSequence = [content]
    image.PerFrameFunctionalGroupsSequence = [frame]
    result = read(cleaned(image))
    nested = result.PerFrameFunctionalGroupsSequence[0].FrameContentSequence[0].FrameAcquisitionDateTime
    assert nested == result.StudyDate + "101500"


def test_deid_05_the_birth_date_goes_and_dates_can_be_removed_altogether(image):
    image.SeriesDate = "20240301"
    assert read(cleaned(image)).PatientBirthDate == ""
    result = read(cleaned(image, dates="removed"))
    assert (result.StudyDate, result.StudyTime, "SeriesDate" in result) == ("", "", False)
    assert result.LongitudinalTemporalInformationModified == "REMOVED"


@given(st.dates(), st.dates(), st.integers(365, 3650))
def test_deid_05_any_two_dates_keep_their_distance(first, second, days):
    moved = [shifted_date(f"{one.year:04d}{one:%m%d}", days) for one in (first, second)]
    if None not in moved:
        assert _days(moved[1]) - _days(moved[0]) == (second - first).days


@pytest.mark.parametrize(
    ("value", "moved"),
    [("20240301", "20230301"), ("2024.03.01", "20230301"), ("20240231", None), ("Jane", None), ("00010101", None)],
)
def test_dates_that_are_none_are_not_passed_on(value, moved):
    assert shifted_date(value, 366 if value.startswith("2024") else 365) == moved


def test_date_times_lose_their_zone_and_times_are_times():
    assert shifted_date_time("20240301101500.123456+0100", 366) == "20230301101500.123456"
    assert shifted_date_time("2024", 366) is None
    assert is_time("101500.5")
    assert not is_time("10 Jane")


def test_the_patient_is_who_the_file_says_by_id_else_by_name(image):
    by_id = read(cleaned(image)).PatientID
    image.PatientName = "Married^Jane"
    assert read(cleaned(image)).PatientID == by_id
    image.IssuerOfPatientID = "OTHER"
    assert read(cleaned(image)).PatientID != by_id
    image.PatientID = ""
    by_name = read(cleaned(image)).PatientID
    image.StudyInstanceUID = "1.2.3.4.5.6.7.66"
    assert read(cleaned(image)).PatientID == by_name
    image.PatientName = "^^^^"
    by_study = read(cleaned(image)).PatientID
    image.StudyInstanceUID = "1.2.3.4.5.6.7.67"
    assert read(cleaned(image)).PatientID not in {by_study, by_name}


def _days(value: str) -> int:
    from datetime import date

    return date(int(value[:4]), int(value[4:6]), int(value[6:])).toordinal()
