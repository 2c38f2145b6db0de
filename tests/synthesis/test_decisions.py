"""Approval by a second person, rejection, withdrawal, and the count of downloads."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from accounts.errors import Conflict, DomainError
from accounts.models import Action, AuditEvent, User
from jobs.models import Job, JobStatus
from synthesis.models import Download, Stage, SyntheticSet
from synthesis.services.decisions import NotForYou, approve, reject, withdraw_set
from synthesis.services.downloads import record_download
from synthesis.services.sources import withdraw_source
from tests.synthesis.stored import store_file, store_gallery, store_order, store_source, store_training

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(researcher: User, admin: User) -> SyntheticSet:
    return store_order(researcher, store_source(admin), stage=Stage.AWAITING_APPROVAL)


def test_second_person_approves_and_the_set_is_published_next(waiting: SyntheticSet, admin: User) -> None:
    approved = approve(user=admin, synthetic_set=waiting, note=" Looked at it. ", audience="everyone")
    assert (approved.stage, approved.decided_by, approved.decision_note) == (Stage.PUBLISHING, admin, "Looked at it.")
    assert approved.audience == "everyone"
    job = approved.publishing_job
    assert job is not None
    assert (job.kind, job.queue, job.subject_id) == ("synthesis-publish", "synthesis", str(waiting.public_id))
    event = AuditEvent.objects.get()
    assert (event.action, event.detail["decision"]) == (Action.DECIDE_SET, "publishing")


def test_second_person_rejects(waiting: SyntheticSet, admin: User) -> None:
    assert reject(user=admin, synthetic_set=waiting, note="Too blurred.").stage == Stage.REJECTED
    assert not Job.objects.filter(kind="synthesis-publish").exists()


def test_nobody_else_decides(waiting: SyntheticSet, researcher: User, fellow: User, outside: tuple[User, ...]) -> None:
    for user in (researcher, fellow, *outside):
        with pytest.raises(NotForYou) as refused:
            approve(user=user, synthetic_set=waiting, note="Fine.", audience="institution")
        assert refused.value.status == 403
        with pytest.raises(NotForYou):
            reject(user=user, synthetic_set=waiting, note="No.")


def test_orderer_who_became_an_administrator_does_not_decide(admin: User) -> None:
    own = store_order(admin, store_source(admin), stage=Stage.AWAITING_APPROVAL)
    with pytest.raises(NotForYou):
        approve(user=admin, synthetic_set=own, note="Fine.", audience="institution")


@pytest.mark.parametrize(
    "stage", [Stage.MAKING, Stage.BLOCKED, Stage.PUBLISHING, Stage.PUBLISHED, Stage.REJECTED, Stage.WITHDRAWN]
)
def test_only_what_passed_the_gate_and_waits_is_decided(
    stage: Stage, researcher: User, admin: User, second_admin: User
) -> None:
    order = store_order(researcher, store_source(admin), stage=stage, decided_by=admin)
    for decide in (
        lambda: approve(user=second_admin, synthetic_set=order, note="Fine.", audience="institution"),
        lambda: reject(user=second_admin, synthetic_set=order, note="No."),
    ):
        with pytest.raises(Conflict, match="does not wait for approval"):
            decide()
    order.refresh_from_db()
    assert order.stage == stage


def test_set_of_a_source_that_was_withdrawn_is_rejected_or_withdrawn_but_not_approved(
    waiting: SyntheticSet, admin: User
) -> None:
    withdraw_source(user=admin, source=waiting.source, reason="Patients said no.")
    with pytest.raises(Conflict, match="was withdrawn"):
        approve(user=admin, synthetic_set=waiting, note="Fine.", audience="institution")
    assert not Job.objects.filter(kind="synthesis-publish").exists()
    assert reject(user=admin, synthetic_set=waiting, note="Its source was withdrawn.").stage == Stage.REJECTED


def test_decision_rests_on_something(waiting: SyntheticSet, admin: User) -> None:
    with pytest.raises(DomainError, match="note"):
        approve(user=admin, synthetic_set=waiting, note=" ", audience="institution")
    with pytest.raises(DomainError, match="audience"):
        approve(user=admin, synthetic_set=waiting, note="Fine.", audience="friends")


@pytest.mark.parametrize("stage", [Stage.BLOCKED, Stage.AWAITING_APPROVAL, Stage.PUBLISHED])
def test_orderer_or_admin_withdraws_with_a_reason(stage: Stage, inside: tuple[User, ...], foreign_admin: User) -> None:
    researcher, fellow, admin, second_admin = inside
    source = store_source(admin)
    for who in (researcher, second_admin):
        order = store_order(researcher, source, stage=stage, decided_by=admin)
        for other in (fellow, foreign_admin):
            with pytest.raises(PermissionDenied):
                withdraw_set(user=other, synthetic_set=order, reason="No.")
        with pytest.raises(DomainError, match="why"):
            withdraw_set(user=who, synthetic_set=order, reason="")
        gone = withdraw_set(user=who, synthetic_set=order, reason="A patient said no.")
        assert (gone.stage, gone.withdrawn_by, gone.withdrawal_reason) == (
            Stage.WITHDRAWN,
            who,
            "A patient said no.",
        )
        event = AuditEvent.objects.latest("id")
        assert (event.action, event.detail["stage_before"]) == (Action.WITHDRAW_SET, stage)
        with pytest.raises(Conflict, match="already"):
            withdraw_set(user=who, synthetic_set=order, reason="Again.")


def test_set_that_is_worked_upon_is_withdrawn_once_that_ended(researcher: User, admin: User) -> None:
    order = store_order(researcher, store_source(admin))
    with pytest.raises(Conflict, match="Cancel that first"):
        withdraw_set(user=researcher, synthetic_set=order, reason="No need.")
    Job.objects.filter(pk=order.job.pk).end(JobStatus.CANCELLED)
    assert withdraw_set(user=researcher, synthetic_set=order, reason="No need.").stage == Stage.WITHDRAWN


def test_download_is_counted_and_recorded(researcher: User, admin: User, owner: User, stranger: User) -> None:
    file = store_file(store_order(researcher, store_source(admin), stage=Stage.PUBLISHED, decided_by=admin))
    taken = record_download(user=owner, file=file)
    assert (taken.set, taken.person, taken.name) == (file.set, owner, "set.zip")
    event = AuditEvent.objects.get()
    assert (event.action, event.object_id_text) == (Action.DOWNLOAD, str(file.set.public_id))
    assert event.detail == {"file": "set.zip", "sha256": file.sha256}
    with pytest.raises(PermissionDenied):
        record_download(user=stranger, file=file)
    assert Download.objects.count() == 1


@pytest.mark.parametrize("stage", [Stage.AWAITING_APPROVAL, Stage.PUBLISHED])
def test_withdrawn_set_leaves_nothing_in_the_stores(
    stage: Stage, researcher: User, admin: User, django_capture_on_commit_callbacks: Any
) -> None:
    order = store_order(researcher, store_source(admin, kind="image"), stage=stage, decided_by=admin)
    store_gallery(order)
    store_training(order, steps=1)
    grid = order.grids.get().object_name
    file = store_file(order)
    sample = storages["phi"].save(f"{order.folder}/samples/000000.safetensors", ContentFile(b"records"))
    gallery = order.gallery
    with django_capture_on_commit_callbacks(execute=True):
        if stage == Stage.PUBLISHED:
            withdraw_set(user=admin, synthetic_set=order, reason="A patient said no.")
        else:
            reject(user=admin, synthetic_set=order, note="Too close.")
    order.refresh_from_db()
    assert (order.gallery, order.files.count()) == ([], 0)
    assert not any(storages["phi"].exists(name) for name in (sample, gallery[0]["real"], gallery[0]["synthetic"]))
    assert not storages["synthetic"].exists(file.object_name)
    assert not storages["phi"].exists(grid)
    assert (order.grids.count(), order.training_records.count()) == (0, 1)
