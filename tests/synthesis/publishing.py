"""Sets that were approved, with their records, and attempts at publishing them."""

from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer

from accounts.models import User
from jobs.models import Job
from jobs.runner import run
from ml.imaging.phantoms import draw_phantoms
from synthesis.models import Stage, SyntheticSet
from synthesis.publishing.samples import store_samples, store_table
from synthesis.publishing.store import folder_of, release_storage
from synthesis.services.decisions import approve
from tests.synthesis.stored import store_order, store_source

COUNTS = {"benign": 7, "malignant": 5}


def store_pictures(one: SyntheticSet, size: int = 16) -> None:
    """The records of a set of COUNTS pictures."""
    pixels = draw_phantoms(one.total, size, seed=3).canvases
    labels = torch.tensor([0] * COUNTS["benign"] + [1] * COUNTS["malignant"])
    store_samples(one, [(pixels[:5], labels[:5]), (pixels[5:], labels[5:])])


def store_approved(researcher: User, admin: User, kind: str = "image", **changes: Any) -> SyntheticSet:
    """A set that was approved and whose job waits."""
    source = store_source(admin, kind=kind, name=f"Source {SyntheticSet.objects.count()}")
    one = store_order(researcher, source, stage=Stage.AWAITING_APPROVAL, counts=COUNTS, **changes)
    if kind == "image":
        store_pictures(one)
    else:
        bunch = load_breast_cancer()
        y = 1 - bunch.target
        rows = np.concatenate([np.flatnonzero(y == 0)[:7], np.flatnonzero(y == 1)[:5]])
        store_table(one, bunch.data[rows], y[rows])
    return approve(user=admin, synthetic_set=one, note="Looked at it.", audience="institution")


def attempt(one: SyntheticSet) -> Job:
    """One attempt at publishing the set."""
    assert one.publishing_job is not None
    assert run(one.publishing_job.public_id, worker="test")
    one.refresh_from_db()
    one.publishing_job.refresh_from_db()
    return one.publishing_job


def stored(one: SyntheticSet) -> dict[str, int]:
    """The set's objects, with their sizes."""
    return release_storage().sizes(folder_of(one))
