"""Making a table for real, from the public WDBC measurements."""

from dataclasses import replace

import numpy as np
import pytest

from accounts.models import Action, AuditEvent, User
from jobs.models import JobStatus
from jobs.runner import run
from ml.gan.tabular.training import TrainingSettings
from ml.release.passport import Passport
from synthesis.making import tables
from synthesis.models import SourceDataset, Stage, SyntheticSet
from synthesis.publishing.samples import stored_table
from synthesis.services.orders import Order, place_order
from synthesis.services.sources import withdraw_source
from tests.synthesis.making import table_source, work_off

pytestmark = pytest.mark.django_db
ORDER = Order(title="For teaching", architecture="tabular-gan", counts={"benign": 60, "malignant": 40}, seed=5)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short training."""
    monkeypatch.setattr(tables, "settings_of", lambda synthetic_set: TrainingSettings(steps=60, hidden=16))


@pytest.fixture
def source(admin: User) -> SourceDataset:
    return table_source(admin)


@pytest.fixture
def made(source: SourceDataset, researcher: User) -> SyntheticSet:
    return place_order(user=researcher, source=source, order=ORDER)


def test_table_is_trained_drawn_examined_and_judged(made: SyntheticSet) -> None:
    assert work_off(made.job) == 2  # train and draw; examine
    made.refresh_from_db()
    assert made.job.status == JobStatus.SUCCEEDED
    passport = Passport.from_dict(made.passport)
    assert passport.sizes["synthetic"] == 100
    assert passport.sizes["train"] + passport.sizes["holdout"] == 569
    assert passport.provenance.weights_sha256 == made.weights_sha256 != ""
    assert passport.formal_guarantee == "no formal guarantee"
    assert {"tstr_auc"} <= passport.utility.keys()
    X, y = stored_table(made)
    assert (X.shape, np.bincount(y).tolist()) == ((100, 30), [60, 40])
    assert sum(made.summary["radius_mean"]["benign"]) == 60
    assert (made.stage, made.reasons) == (Stage.AWAITING_APPROVAL, [])
    assert AuditEvent.objects.filter(action=Action.EXAMINE_SET).count() == 1
    records = made.training_records.all()
    assert [record.step for record in records] == [0, 25, 50]
    assert records[0].values.keys() == {"loss_generator", "loss_discriminator"}


def test_guarantee_that_was_ordered_stands_in_the_passport(source: SourceDataset, researcher: User) -> None:
    made = place_order(user=researcher, source=source, order=replace(ORDER, epsilon=3.0))
    work_off(made.job)
    made.refresh_from_db()
    passport = Passport.from_dict(made.passport)
    assert passport.formal_guarantee.startswith("ε = 3, δ = 1e-05 for each row")
    assert passport.provenance.source_sha256 == ""  # it depends on every single row


def test_guarantee_that_was_not_kept_ends_the_job(
    source: SourceDataset, researcher: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables.ConditionalTabularGAN, "privacy_", None)
    made = place_order(user=researcher, source=source, order=replace(ORDER, epsilon=3.0))
    work_off(made.job)
    made.refresh_from_db()
    assert (made.stage, made.job.error_code) == (Stage.MAKING, "guarantee_not_kept")


def test_generator_too_rough_to_draw_from_ends_the_job_with_advice(
    made: SyntheticSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ml.gan.tabular.generator.breaks_schema", lambda X: np.ones(len(X), dtype=np.bool_))
    work_off(made.job)
    made.refresh_from_db()
    assert (made.job.status, made.job.error_code) == (JobStatus.FAILED, "cannot_draw")
    assert "weaker guarantee" in made.job.error_message


def test_division_keeps_patients_and_identical_rows_on_one_side(
    made: SyntheticSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = tables.table_of(made.source)
    groups = records.groups.copy()
    groups[:50] = groups[0]  # one patient of fifty samples
    X = records.X.copy()
    X[100:110] = X[99]
    monkeypatch.setattr(tables, "table_of", lambda source: tables.FnaRecords(X, records.y, groups))
    division = tables.division_of(made)
    first = {row.tobytes() for row in division.train[0]}
    second = {row.tobytes() for row in division.holdout[0]}
    assert not first & second
    patient = {row.tobytes() for row in X[:50]}
    assert patient <= first or patient <= second
    share = len(division.holdout[1]) / len(records.y)
    assert 0.25 < share < 0.35


def test_attempt_after_a_crash_draws_the_same(made: SyntheticSet, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as crash:

        def broken(*args: object, **options: object) -> None:
            raise OSError("the disk is full")

        crash.setattr("synthesis.making.job.store_table", broken)
        assert run(made.job.public_id, worker="first")
    made.refresh_from_db()
    assert set(made.work) == set(tables.GENERATOR_FILES)
    weights = made.work[tables.GENERATOR]
    monkeypatch.setattr(tables, "fitted", lambda *args, **options: pytest.fail("trained twice"))
    assert run(made.job.public_id, worker="second")
    made.refresh_from_db()
    assert made.work[tables.GENERATOR] == weights
    assert stored_table(made)[0].shape == (100, 30)


def test_nothing_is_made_of_a_source_that_was_withdrawn_since_the_order(made: SyntheticSet, admin: User) -> None:
    withdraw_source(user=admin, source=made.source, reason="Patients said no.")
    assert work_off(made.job) == 1
    made.refresh_from_db()
    assert (made.job.status, made.job.error_code) == (JobStatus.FAILED, "source_withdrawn")
    assert (made.stage, made.work) == (Stage.MAKING, {})


def test_job_of_a_set_that_was_withdrawn_does_nothing(made: SyntheticSet, researcher: User) -> None:
    SyntheticSet.objects.filter(pk=made.pk).update(
        stage=Stage.WITHDRAWN, withdrawn_by=researcher, withdrawn_at=made.ordered_at
    )
    assert work_off(made.job) == 1
    made.refresh_from_db()
    assert (made.stage, made.passport, made.work) == (Stage.WITHDRAWN, None, {})
