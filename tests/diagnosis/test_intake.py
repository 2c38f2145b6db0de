"""Samples come in: all or none, the file kept, the job asked for."""

import hashlib

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import storages

from accounts.errors import DomainError
from accounts.models import Action, AuditEvent, User
from diagnosis.models import Case, FnaBatch, FnaSample
from diagnosis.services.intake import UnreadableTable, import_fna_file, submit_fna_samples
from jobs.models import Job, JobStatus
from tests.cast import csv_of, wdbc

pytestmark = pytest.mark.django_db


def stored_files() -> set[str]:
    return set(storages["phi"].listdir("fna")[1]) if storages["phi"].exists("fna") else set()


def test_a_file_becomes_a_batch_its_cases_and_a_job(owner: User) -> None:
    rows, outcomes = wdbc(3)
    data = csv_of(rows.tolist(), outcomes=outcomes, ids=["a", "b", "c"])
    batch = import_fna_file(user=owner, data=data, file_name="samples.csv")
    assert [s.case.reference for s in batch.samples.all()] == ["a", "b", "c"]
    assert [s.measurements for s in batch.samples.all()] == rows.tolist()
    assert [s.known_outcome for s in batch.samples.all()] == outcomes
    assert batch.institution == owner.institution
    assert batch.file_sha256 == hashlib.sha256(data).hexdigest()
    with storages["phi"].open(batch.file_key) as kept:
        assert kept.read() == data
    assert (batch.job.status, batch.job.progress_total) == (JobStatus.QUEUED, 3)
    assert AuditEvent.objects.get(action=Action.UPLOAD).detail["samples"] == 3


def test_upl_11_the_files_name_is_no_part_of_its_key(owner: User) -> None:
    rows, _ = wdbc(1)
    batch = import_fna_file(user=owner, data=csv_of(rows.tolist()), file_name="../../etc/Jane Doe.csv")
    assert "Jane" not in batch.file_key
    assert ".." not in batch.file_key


def test_the_phi_storage_never_gives_a_url(owner: User) -> None:
    rows, _ = wdbc(1)
    batch = import_fna_file(user=owner, data=csv_of(rows.tolist()), file_name="samples.csv")
    with pytest.raises(SuspiciousFileOperation):
        storages["phi"].url(batch.file_key)


def test_upl_16_one_bad_cell_and_nothing_is_stored(owner: User) -> None:
    before = stored_files()
    rows, _ = wdbc(3)
    data = csv_of(rows.tolist()).decode().splitlines()
    cells = data[2].split(",")
    cells[4] = "abc"
    data[2] = ",".join(cells)
    with pytest.raises(UnreadableTable) as refused:
        import_fna_file(user=owner, data="\n".join(data).encode(), file_name="bad.csv")
    (problem,) = refused.value.problems
    assert (problem["row"], problem["column"], problem["value"]) == (3, "smoothness_mean", "abc")
    assert not FnaBatch.objects.exists()
    assert not Case.objects.exists()
    assert not Job.objects.exists()
    assert stored_files() == before


def test_a_failure_while_storing_rows_leaves_no_file_behind(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    before = stored_files()
    rows, _ = wdbc(2)

    def disk_full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FnaSample.objects, "bulk_create", disk_full)
    with pytest.raises(OSError, match="No space"):
        import_fna_file(user=owner, data=csv_of(rows.tolist()), file_name="samples.csv")
    assert stored_files() == before
    assert not FnaBatch.objects.exists()


def test_upl_15_a_formula_as_sample_number_is_stored_verbatim(owner: User) -> None:
    rows, _ = wdbc(1)
    data = csv_of(rows.tolist(), ids=["=HYPERLINK(1)"])
    import_fna_file(user=owner, data=data, file_name="samples.csv")
    assert Case.objects.get().reference == "=HYPERLINK(1)"


def test_no_samples_is_no_batch(owner: User) -> None:
    with pytest.raises(DomainError, match="at least one"):
        submit_fna_samples(user=owner, samples=[], source=FnaBatch.Source.API)
