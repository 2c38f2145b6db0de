"""Uploads of real records: what is kept, what is left out and why, and what is refused as a whole."""

import csv
import io
import json
import struct
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from accounts.errors import Conflict, DomainError
from accounts.models import Action, AuditEvent, User
from synthesis.demo.sources import PHANTOMS, WDBC, phantom_file, wdbc_file
from synthesis.models import SourceDataset, Stage
from synthesis.records import picture_upload, tables
from synthesis.records.store import DamagedRecords, pictures_of, table_of
from synthesis.services import leftovers
from synthesis.services.sources import add_source, release_source, withdraw_source
from tests.cast import csv_of, wdbc
from tests.synthesis.making import archive, picture
from tests.synthesis.stored import store_order, store_source

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few records are enough here."""
    monkeypatch.setattr(tables, "LEAST", 6)
    monkeypatch.setattr(tables, "LEAST_OF_A_CLASS", 3)


def refusal(user: User, file: SimpleUploadedFile, about: Any = PHANTOMS) -> DomainError:
    """Why an upload is refused; nothing of it is kept."""
    with pytest.raises(DomainError) as refused:
        add_source(user=user, about=about, file=file)
    assert not SourceDataset.objects.exists()
    return refused.value


def folders(benign: int = 4, malignant: int = 4, under: str = "") -> dict[str, bytes]:
    """Pictures in folders named after classes."""
    files = {f"{under}benign/{number}.png": picture(40 + 5 * number) for number in range(benign)}
    return files | {f"{under}malignant/{number}.png": picture(140 + 5 * number) for number in range(malignant)}


def test_table_is_kept_without_what_names_a_patient(admin: User) -> None:
    source = add_source(user=admin, about=WDBC, file=wdbc_file())
    assert (source.kind, source.records, source.patients) == ("fna", 569, None)
    assert source.counts == {"benign": 357, "malignant": 212}
    assert source.classes == ("benign", "malignant")
    assert (source.status, source.problems) == ("draft", [])
    event = AuditEvent.objects.get()
    assert (event.action, event.object_id_text) == (Action.UPLOAD, str(source.public_id))
    rows, outcomes = wdbc(569)
    records = table_of(source)
    assert np.array_equal(records.X, rows)
    assert records.y.tolist() == outcomes


def test_names_and_numbers_of_patients_are_left_behind(admin: User) -> None:
    rows, outcomes = wdbc(30)
    lines = list(
        csv.reader(
            io.StringIO(
                csv_of(rows, outcomes=outcomes, ids=["MRN-1"] * 4 + [f"MRN-{n}" for n in range(5, 31)]).decode()
            )
        )
    )
    named = [[*line, "Jane Doe", "1950-02-01"] for line in lines]
    named[0][-2:] = ["patient name", "birth date"]
    out = io.StringIO()
    csv.writer(out).writerows(named)
    source = add_source(user=admin, about=WDBC, file=SimpleUploadedFile("w.csv", out.getvalue().encode()))
    with storages["phi"].open(source.object_name) as file:
        kept = file.read().decode()
    for told in ("MRN", "Jane", "1950-02", "birth"):
        assert told not in kept
    groups = table_of(source).groups
    assert len(set(groups[:4])) == 1  # the same sample number: the same patient
    assert len(set(groups)) == 27


def test_workbook_is_read_as_well(admin: User) -> None:
    rows, outcomes = wdbc(30)
    book = Workbook()
    assert book.active is not None
    for line in csv.reader(io.StringIO(csv_of(rows, outcomes=outcomes).decode())):
        book.active.append([float(cell) if cell[:1].isdigit() else cell for cell in line])
    out = io.BytesIO()
    book.save(out)
    assert add_source(user=admin, about=WDBC, file=SimpleUploadedFile("w.xlsx", out.getvalue())).records == 30


def test_faulty_rows_are_named_and_the_rest_goes_on(admin: User) -> None:
    rows, outcomes = wdbc(30)
    lines = csv_of(rows, outcomes=outcomes).decode().splitlines()
    lines[3] = lines[3].replace(lines[3].split(",")[1], "much")
    lines[5] = "," + lines[5].partition(",")[2]
    source = add_source(user=admin, about=WDBC, file=SimpleUploadedFile("w.csv", "\n".join(lines).encode()))
    assert source.records == 28
    found = {problem["file"]: problem["message"] for problem in source.problems}
    assert "much" in found["row 4"]
    assert "diagnosis is missing" in found["row 6"]


def test_table_without_diagnosis_or_of_too_few_rows_is_refused(admin: User) -> None:
    rows, outcomes = wdbc(30)
    assert refusal(admin, SimpleUploadedFile("w.csv", csv_of(rows)), WDBC).code == "unusable_source"
    few = refusal(admin, SimpleUploadedFile("w.csv", csv_of(rows[:4], outcomes=outcomes[:4])), WDBC)
    assert "Only 4 usable records" in str(few)
    error = refusal(admin, SimpleUploadedFile("w.csv", b"name,age\nJane,50\n"), WDBC)
    assert error.problems[0]["message"]


def test_pictures_are_kept_as_pixels_class_and_group(admin: User) -> None:
    files = folders() | {"normal/1.jpg": picture(90, kind="JPEG"), "normal/2.tif": picture(100, kind="TIFF")}
    files |= {"normal/3.png": picture(110), "benign/0_mask.png": picture(255), "notes.txt": b"Jane Doe"}
    source = add_source(user=admin, about=PHANTOMS, file=archive(files))
    assert source.counts == {"benign": 4, "malignant": 4, "normal": 3}
    assert (source.records, source.patients) == (11, None)
    assert "no pictures to learn from" in source.problems[0]["message"]
    with storages["phi"].open(source.object_name) as file:
        names = ZipFile(io.BytesIO(file.read())).namelist()
    assert names == [*(f"{number:06d}.png" for number in range(11)), "pictures.csv"]
    with pictures_of(source, ("benign", "malignant")) as kept:
        assert len(kept.pictures) == 8
        assert kept.pictures[0].shape == (24, 24)
        assert kept.groups is not None
        assert len(set(kept.groups.tolist())) == 8


def test_same_upload_gives_the_same_bytes(admin: User) -> None:
    first = add_source(user=admin, about=PHANTOMS, file=archive(folders()))
    second = add_source(user=admin, about=replace(PHANTOMS, name="Again"), file=archive(folders(under="set/")))
    assert first.sha256 == second.sha256


def test_manifest_names_classes_and_patients(admin: User) -> None:
    files = {f"scans/{number}.png": picture(30 + 10 * number) for number in range(8)}
    lines = ["Path,Label,Patient", *(f"scans/{n}.png,{'Benign' if n < 4 else 'cancer'},P{n // 2}" for n in range(8))]
    source = add_source(user=admin, about=PHANTOMS, file=archive(files | {"manifest.csv": "\n".join(lines).encode()}))
    assert (source.counts, source.patients) == ({"benign": 4, "malignant": 4}, 4)
    with storages["phi"].open(source.object_name) as file:
        assert b"P0" not in ZipFile(io.BytesIO(file.read())).read("pictures.csv")


def test_manifest_and_archive_that_disagree(admin: User) -> None:
    files = {f"{number}.png": picture(30 + 10 * number) for number in range(10)}
    lines = ["path,label", *(f"{n}.png,{'benign' if n < 4 else 'malignant'}" for n in range(8)), "lost.png,benign"]
    lines[1] = "0.png,dunno"
    source = add_source(user=admin, about=PHANTOMS, file=archive(files | {"manifest.csv": "\n".join(lines).encode()}))
    assert source.records == 7
    found = {problem["file"]: problem["message"] for problem in source.problems}
    assert "“dunno” is unknown: use benign, malignant or normal" in found["0.png"]
    assert "does not list it" in found["8.png"]
    assert "the archive does not hold it" in found["lost.png"]


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        (b"file,class\n", "columns path and label"),
        (b"path,label\na.png,benign\na.png,malignant\n", "listed twice"),
        ("path,label\ncafé.png,benign".encode("latin-1"), "UTF-8"),
        (b'path,label\n"a.png,benign\n' + 20_000 * b"b.png,benign\n", "quotation mark"),
    ],
)
def test_manifests_that_cannot_be_used(manifest: bytes, words: str, admin: User) -> None:
    assert words in str(refusal(admin, archive({"manifest.csv": manifest, "a.png": picture(50)})))


def test_two_broken_files_of_ten_are_named_and_eight_are_kept(admin: User) -> None:
    files = folders() | {"benign/torn.png": picture(77)[:60], "malignant/no.png": b"This is no picture at all."}
    source = add_source(user=admin, about=PHANTOMS, file=archive(files))
    assert source.records == 8
    assert {problem["file"] for problem in source.problems} == {"benign/torn.png", "malignant/no.png"}
    assert all(problem["message"] for problem in source.problems)


def test_names_that_point_outside_are_not_read(admin: User) -> None:
    files = folders() | {"benign/../../../outside.png": picture(99), "benign/ok.png": picture(98)}
    source = add_source(user=admin, about=PHANTOMS, file=archive(files))
    assert source.records == 9
    (problem,) = source.problems
    assert "points outside the archive" in problem["message"]


def test_unknown_folders_and_empty_archives(admin: User) -> None:
    assert "folders named benign, malignant or normal" in str(refusal(admin, archive({"notes.txt": b"none"})))
    error = refusal(admin, archive({f"strange/{number}.png": picture(50 + number) for number in range(3)}))
    assert "“strange” is unknown" in json.dumps(error.problems, ensure_ascii=False)


def test_what_is_no_archive_or_damaged_or_a_bomb_is_refused(admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no ZIP archive" in str(refusal(admin, SimpleUploadedFile("x.zip", b"\x89PNG nothing")))
    whole = archive(folders()).read()
    assert "damaged" in str(refusal(admin, SimpleUploadedFile("x.zip", whole[: len(whole) // 2])))
    # Its table of contents claims eight gigabytes for the first file.
    at = whole.index(b"PK\x01\x02") + 24
    claimed = whole[:at] + struct.pack("<I", 2**33 // 3) + whole[at + 4 :]
    monkeypatch.setattr(picture_upload, "MOST_BYTES", 2**30)
    assert "unpack to more" in str(refusal(admin, SimpleUploadedFile("x.zip", claimed)))
    monkeypatch.setattr(picture_upload, "MOST_PICTURES", 7)
    assert "at most 7" in str(refusal(admin, archive(folders())))


def test_classes_of_too_few_pictures_are_refused(admin: User) -> None:
    assert "Only 2 usable malignant records" in str(refusal(admin, archive(folders(benign=6, malignant=2))))


def test_large_pictures_are_kept_smaller_and_colour_as_grey(admin: User) -> None:
    files = folders()
    files["benign/0.png"] = picture(60, size=1200)
    source = add_source(user=admin, about=PHANTOMS, file=archive(files))
    with pictures_of(source, ("benign",)) as kept:
        assert kept.pictures[0].shape == (512, 512)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "x" * 121),
        ("kind", "mri"),
        ("modality", "CT"),
        ("licence", ""),
        ("consent_basis", "hearsay"),
        ("consent_reference", ""),
    ],
)
def test_what_has_to_be_said_about_a_source(field: str, value: str, admin: User) -> None:
    error = refusal(admin, wdbc_file(), replace(WDBC, **{field: value}))
    assert error.code == "bad_source"
    assert {problem["field"] for problem in error.problems} == {field}


def test_names_are_taken_once(admin: User, foreign_admin: User) -> None:
    store_source(admin, name=WDBC.name)
    with pytest.raises(Conflict, match="Choose another name"):
        add_source(user=admin, about=WDBC, file=wdbc_file())
    assert add_source(user=foreign_admin, about=WDBC, file=wdbc_file()).institution == foreign_admin.institution


def test_only_admins_add_release_and_withdraw(
    researcher: User, owner: User, auditor: User, foreign_admin: User, admin: User
) -> None:
    draft = store_source(admin, status="draft", released_by=None, released_at=None)
    for user in (researcher, owner, auditor):
        with pytest.raises(PermissionDenied):
            add_source(user=user, about=WDBC, file=wdbc_file())
    for user in (researcher, owner, auditor, foreign_admin):
        with pytest.raises(PermissionDenied):
            release_source(user=user, source=draft)
        with pytest.raises(PermissionDenied):
            withdraw_source(user=user, source=draft, reason="No.")


def test_release_is_recorded_with_its_consent(admin: User, second_admin: User) -> None:
    draft = store_source(admin, status="draft", released_by=None, released_at=None)
    released = release_source(user=second_admin, source=draft)
    assert (released.status, released.released_by) == ("released", second_admin)
    event = AuditEvent.objects.get()
    assert (event.action, event.detail["reference"]) == (Action.RELEASE_SOURCE, "Vote 12/2024")
    with pytest.raises(Conflict, match="already"):
        release_source(user=admin, source=draft)


def test_withdrawal_says_which_sets_were_made_from_it(admin: User, researcher: User) -> None:
    source = store_source(admin)
    published = store_order(researcher, source, stage=Stage.PUBLISHED, decided_by=admin)
    making = store_order(researcher, source)
    store_order(researcher, source, stage=Stage.REJECTED, decided_by=admin)
    with pytest.raises(DomainError, match="Say why"):
        withdraw_source(user=admin, source=source, reason=" ")
    assert set(withdraw_source(user=admin, source=source, reason="Consent withdrawn.")) == {published, making}
    event = AuditEvent.objects.get()
    assert event.action == Action.WITHDRAW_SOURCE
    assert set(event.detail["sets"]) == {str(published.public_id), str(making.public_id)}
    with pytest.raises(Conflict, match="already"):
        withdraw_source(user=admin, source=source, reason="Again.")
    with pytest.raises(Conflict):
        release_source(user=admin, source=source)


def test_damaged_records_are_not_used(admin: User) -> None:
    source = add_source(user=admin, about=PHANTOMS, file=phantom_file(24, 16))
    source.sha256 = "0" * 64
    with pytest.raises(DamagedRecords), pictures_of(source, ("benign",)):
        pass


def test_records_whose_source_was_never_added_are_removed_after_a_day(
    admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = add_source(user=admin, about=PHANTOMS, file=archive(folders()))
    orphan = storages["phi"].save(f"{leftovers.SOURCES}/{uuid.uuid4()}", ContentFile(b"records"))
    leftovers.remove_orphaned_records()
    assert storages["phi"].exists(orphan)
    monkeypatch.setattr(leftovers, "AGE", timedelta(seconds=-1))
    assert leftovers.remove_orphaned_records() >= 1
    assert not storages["phi"].exists(orphan)
    assert storages["phi"].exists(source.object_name)
