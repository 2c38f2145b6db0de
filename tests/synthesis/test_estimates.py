"""Estimates: from one processor core before there was any such order, and as they took here afterwards."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from jobs.models import Job, JobStatus
from synthesis.models import Stage
from synthesis.services.estimates import Estimate, estimate
from tests.synthesis.stored import store_order, store_source

pytestmark = pytest.mark.django_db


def of_pictures(number: int = 1000, effort: str = "quick", size: int = 64, epsilon: float | None = None) -> Estimate:
    return estimate(
        kind="image",
        architecture="optimized-cgan",
        size=size,
        counts={"benign": number},
        effort=effort,
        epsilon=epsilon,
    )


def test_more_of_anything_takes_longer() -> None:
    usual = of_pictures()
    assert usual.seconds > 120
    assert of_pictures(number=5000).seconds > usual.seconds
    assert of_pictures(effort="standard").seconds > of_pictures(effort="quick").seconds
    assert of_pictures(size=128).seconds > 3 * usual.seconds
    table = estimate(
        kind="fna", architecture="tabular-gan", size=None, counts={"benign": 100}, effort="standard", epsilon=None
    )
    assert table.seconds < usual.seconds
    assert "USD" in table.cost_words
    assert "one processor core" in table.words


def test_estimates_rest_on_what_such_orders_took_here(researcher: User, admin: User) -> None:
    scans = store_source(admin, kind="image")
    now = timezone.now()
    for minutes in (10, 20, 90):
        made = store_order(researcher, scans, stage=Stage.AWAITING_APPROVAL, made_at=now)
        Job.objects.filter(pk=made.job.pk).update(
            started_at=now - timedelta(minutes=minutes), finished_at=now, status=JobStatus.SUCCEEDED
        )
    assert of_pictures().seconds == 20 * 60
    assert of_pictures().words == "As the last 3 such orders took here."
    assert "one processor core" in of_pictures(effort="standard").words
    assert "one processor core" in of_pictures(epsilon=3.0).words
