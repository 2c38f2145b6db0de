"""Making a set of pictures for real: training in shares, drawing, the examination, crashes, cancelling, blocking."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.core.files.storage import storages

from accounts.errors import Conflict
from accounts.models import Action, AuditEvent, User
from jobs import services as jobs
from jobs.models import Job, JobStatus
from jobs.runner import run
from ml.gan.plan import TrainingPlan
from ml.release.passport import Passport
from synthesis.making import examination, pictures, progress
from synthesis.models import SourceDataset, Stage, SyntheticSet
from synthesis.publishing.samples import StoredSamples
from synthesis.services.decisions import approve
from synthesis.services.orders import Order, place_order
from tests.synthesis.making import picture_source, work_off

pytestmark = pytest.mark.django_db

PLAN = TrainingPlan("dcgan", steps=8, batch=8, size=16, record_every=2, grid_every=4, judge_every=8)
ORDER = Order(title="Scans for teaching", architecture="dcgan", counts={"benign": 24, "malignant": 20}, size=64, seed=3)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short training, and progress told at once."""
    monkeypatch.setattr(pictures, "plan_of", lambda synthetic_set: replace(PLAN, seed=synthetic_set.seed))
    monkeypatch.setattr(progress, "EVERY_SECONDS", 0.0)
    monkeypatch.setattr(pictures, "LOG_SECONDS", 0.0)


@pytest.fixture
def source(admin: User) -> SourceDataset:
    return picture_source(admin)


@pytest.fixture
def order(source: SourceDataset, researcher: User) -> Callable[[], SyntheticSet]:
    """Orders the same set of very small pictures each time."""

    def make() -> SyntheticSet:
        made = place_order(user=researcher, source=source, order=ORDER)
        SyntheticSet.objects.filter(pk=made.pk).update(size=PLAN.size)
        made.refresh_from_db()
        return made

    return make


@pytest.fixture
def quick_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real examination, its classifiers trained for a moment: for tests of what is around it."""
    whole = examination.examine_images

    def quick(*args: Any, **options: Any) -> Passport:
        return whole(*args, **options, steps=2, seeds=(0,))

    monkeypatch.setattr(examination, "examine_images", quick)


def drawn(made: SyntheticSet) -> list[tuple[bytes, list[int]]]:
    """What was drawn, as bytes."""
    return [(pixels.numpy().tobytes(), labels.tolist()) for pixels, labels in StoredSamples(made)]


@pytest.mark.usefixtures("quick_gate")
def test_set_is_trained_drawn_examined_and_judged(order: Callable[[], SyntheticSet], admin: User) -> None:
    made = order()
    assert work_off(made.job) == 3  # train; draw; examine
    made.refresh_from_db()
    assert made.job.status == JobStatus.SUCCEEDED
    passport = Passport.from_dict(made.passport)
    assert passport.sizes["synthetic"] == 44
    assert passport.provenance.source_sha256 == made.source.sha256
    assert passport.provenance.weights_sha256 == made.weights_sha256 != ""
    assert [record.step for record in made.training_records.all()] == [2, 4, 6, 8]
    assert "frechet" in made.training_records.get(step=8).values
    assert [grid.step for grid in made.grids.all()] == [4, 8]
    for grid in made.grids.all():
        with storages["phi"].open(grid.object_name) as file:
            assert file.read(8) == b"\x89PNG\r\n\x1a\n"
    assert [label for _, labels in drawn(made) for label in labels] == [0] * 24 + [1] * 20
    assert len(made.gallery) == examination.IN_GALLERY
    assert storages["phi"].exists(made.gallery[0]["real"])
    assert made.work == {}
    event = AuditEvent.objects.get(action=Action.EXAMINE_SET)
    assert (event.object_id_text, event.detail["stage"]) == (str(made.public_id), made.stage)
    assert event.actor == made.ordered_by.email
    # A generator that has hardly learnt draws noise, which gives nothing away: it is no use, but no leak either.
    assert made.stage == Stage.AWAITING_APPROVAL


@pytest.mark.usefixtures("quick_gate")
def test_shares_and_a_crash_between_them_change_nothing(
    order: Callable[[], SyntheticSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = order()
    work_off(whole.job)
    monkeypatch.setattr(pictures, "SHARE_SECONDS", 0.0)  # a share is over before its first step
    broken = order()
    real = pictures.train
    steps = iter([1.0, 0.0, 1.0, 1.0, 60.0])
    crashes = iter([False, True, False, False, False])

    def crashing(*args: Any, **options: Any) -> Any:
        if next(crashes):
            raise OSError("the disk is gone")
        taken = 0

        def count(done: int, total: int) -> None:
            nonlocal taken
            taken += 1
            options["progress"](done, total)

        share = {**options, "progress": count, "seconds": 1e-9 if next(steps) == 0.0 else 0.15}
        return real(*args, **share)

    monkeypatch.setattr(pictures, "train", crashing)
    assert run(broken.job.public_id, worker="first")
    assert run(broken.job.public_id, worker="second")  # crashes, and is given back
    monkeypatch.setattr(pictures, "train", real)
    monkeypatch.setattr(pictures, "SHARE_SECONDS", 60.0)
    work_off(broken.job)
    whole.refresh_from_db()
    broken.refresh_from_db()
    assert broken.weights_sha256 == whole.weights_sha256
    assert drawn(broken) == drawn(whole)
    assert [one.step for one in broken.training_records.all()] == [one.step for one in whole.training_records.all()]
    assert broken.passport == whole.passport


def test_cancelled_training_keeps_its_checkpoint_and_goes_on(
    order: Callable[[], SyntheticSet], researcher: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = order()
    real = pictures.train
    seen: list[int] = []

    def cancelled(*args: Any, **options: Any) -> Any:
        tell = options["progress"]

        def progress_of(done: int, total: int) -> None:
            seen.append(done)
            if done == 5 and len(seen) == 5:
                jobs.cancel(job=Job.objects.get(pk=made.job.pk), user=researcher)
            tell(done, total)

        return real(*args, **{**options, "progress": progress_of})

    monkeypatch.setattr(pictures, "train", cancelled)
    assert run(made.job.public_id, worker="test")
    made = SyntheticSet.objects.select_related("job").get(pk=made.pk)
    assert (made.job.status, made.stage, made.is_stuck) == (JobStatus.CANCELLED, Stage.MAKING, True)
    assert set(made.work) == set(pictures.CHECKPOINT_FILES)
    jobs.retry(job=made.job, user=researcher)
    assert run(made.job.public_id, worker="test")
    assert seen == [1, 2, 3, 4, 5, 6, 7, 8]
    made.refresh_from_db()
    assert set(pictures.GENERATOR_FILES) <= set(made.work)


def test_cancelled_at_the_end_of_a_share_keeps_its_checkpoint(
    order: Callable[[], SyntheticSet], researcher: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = order()
    real = pictures.train

    def paused(*args: Any, **options: Any) -> Any:
        try:
            return real(*args, **{**options, "seconds": 1e-9})
        finally:
            jobs.cancel(job=Job.objects.get(pk=made.job.pk), user=researcher)

    monkeypatch.setattr(pictures, "train", paused)
    assert run(made.job.public_id, worker="test")
    made.refresh_from_db()
    assert made.job.status == JobStatus.CANCELLED
    assert "checkpoint.safetensors" in made.work
    assert storages["phi"].exists(made.work["checkpoint.safetensors"])


def test_attempt_that_was_given_up_for_dead_changes_nothing(
    order: Callable[[], SyntheticSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = order()
    real = pictures.train

    def overtaken(*args: Any, **options: Any) -> Any:
        result = real(*args, **options)
        Job.objects.filter(pk=made.job.pk).update(attempt=7, max_attempts=9)
        return result

    monkeypatch.setattr(pictures, "train", overtaken)
    assert run(made.job.public_id, worker="slow")
    made.refresh_from_db()
    assert made.work == {}
    assert made.job.status == JobStatus.RUNNING
    assert made.job.attempt == 7


def test_copies_are_blocked_and_cannot_be_approved(
    order: Callable[[], SyntheticSet], admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = examination.examine_images

    def of_copies(train: Any, holdout: Any, synthetic: Any, **options: Any) -> Passport:
        return whole(train, holdout, train.select(slice(0, 44)), **options, steps=2, seeds=(0,))

    monkeypatch.setattr(examination, "examine_images", of_copies)
    made = order()
    work_off(made.job)
    made.refresh_from_db()
    assert made.stage == Stage.BLOCKED
    assert "exact_copies" in {reason["code"] for reason in made.reasons}
    with pytest.raises(Conflict, match="does not wait for approval"):
        approve(user=admin, synthetic_set=made, note="Let it pass.", audience="institution")


def test_source_that_cannot_be_divided_ends_the_job_with_words(
    order: Callable[[], SyntheticSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_patient(*args: Any, **options: Any) -> Any:
        raise ValueError("a class has only one patient")

    monkeypatch.setattr(pictures, "divide", one_patient)
    made = order()
    work_off(made.job)
    made.job.refresh_from_db()
    assert (made.job.status, made.job.error_code) == (JobStatus.FAILED, "cannot_divide")
    assert "Ask an administrator" in made.job.error_message


def test_damaged_source_ends_the_job_with_words(order: Callable[[], SyntheticSet], source: SourceDataset) -> None:
    made = order()
    storages["phi"].delete(source.object_name)
    work_off(made.job)
    made.job.refresh_from_db()
    assert (made.job.status, made.job.error_code) == (JobStatus.FAILED, "source_damaged")
