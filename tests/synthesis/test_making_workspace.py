"""What the making of a set carries from share to share and leaves to look at, whoever else holds the job meanwhile."""

from pathlib import Path

import pytest
from django.core.files.storage import storages

from accounts.models import User
from jobs import services as jobs
from jobs.claims import ClaimedJob, claim
from jobs.errors import CancelRequested, LeaseLost
from jobs.models import Job
from synthesis.making.records import TrainingLog
from synthesis.making.workspace import Workspace
from synthesis.models import SyntheticSet
from synthesis.services.orders import Order, place_order
from tests.synthesis.stored import png, store_source

pytestmark = pytest.mark.django_db(transaction=True)
ORDER = Order(title="For teaching", architecture="tabular-gan", counts={"benign": 60, "malignant": 40}, seed=5)


@pytest.fixture
def made(researcher: User, admin: User) -> SyntheticSet:
    return place_order(user=researcher, source=store_source(admin), order=ORDER)


@pytest.fixture
def job(made: SyntheticSet) -> ClaimedJob:
    """The set's job as its first attempt holds it."""
    claimed = claim(job_id=made.job.public_id, worker="first")
    assert claimed is not None
    return claimed


def test_attempt_that_was_overtaken_clears_nothing(made: SyntheticSet, job: ClaimedJob, tmp_path: Path) -> None:
    workspace = Workspace(job, made, tmp_path)
    (tmp_path / "checkpoint").write_bytes(b"learnt")
    workspace.keep(["checkpoint"])
    Job.objects.filter(pk=job.pk).update(attempt=2)
    with pytest.raises(LeaseLost):
        workspace.clear()
    kept = SyntheticSet.objects.get(pk=made.pk).work
    with storages["phi"].open(kept["checkpoint"]) as file:
        assert file.read() == b"learnt"


def test_figures_that_are_no_numbers_are_none(made: SyntheticSet, job: ClaimedJob) -> None:
    line = {"step": 5, "seconds": 0.1, "loss_generator": float("nan"), "frechet": float("inf"), "distance": 2.0}
    TrainingLog(job, made).store([line], [])
    assert made.training_records.get().values == {"loss_generator": None, "frechet": None, "distance": 2.0}


def test_grid_that_comes_too_late_is_not_left_behind(
    made: SyntheticSet, job: ClaimedJob, researcher: User, tmp_path: Path
) -> None:
    grid = tmp_path / "step-000100.png"
    grid.write_bytes(png())
    jobs.cancel(job=made.job, user=researcher)
    with pytest.raises(CancelRequested):
        TrainingLog(job, made).store([], [grid])
    assert not made.grids.exists()
    assert storages["phi"].listdir(f"{made.folder}/grids")[1] == []
