"""Jobs in every state, handlers for one test, and an ear for doorbells."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from accounts.models import User
from jobs import registry, services
from jobs.claims import ClaimedJob
from jobs.models import Job


@pytest.fixture
def make_job(owner: User) -> Callable[..., Job]:
    """Makes a queued job; its doorbell rings only where the transaction commits."""
    serial = iter(range(1000))

    def make(kind: str = "count-up", total: int = 3, by: User | None = None, **changes: Any) -> Job:
        user = by or owner
        job = services.enqueue(
            kind=kind,
            subject_id=f"subject-{next(serial)}",
            requested_by=user,
            institution=user.institution,
            total=total,
        )
        if changes:
            Job.objects.filter(pk=job.pk).update(**changes)
            job.refresh_from_db()
        return job

    return make


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Registers a handler for this test alone."""
    monkeypatch.setattr(registry, "_HANDLERS", {})

    def add(kind: str, handler: Callable[[ClaimedJob], None]) -> None:
        registry.register(kind)(handler)

    return add


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the jobs whose doorbell rang, in order."""
    heard: list[str] = []

    def listen(job_id: object, queue: str) -> None:
        heard.append(str(job_id))

    monkeypatch.setattr("jobs.services.ring", listen)
    monkeypatch.setattr("jobs.reaper.ring", listen)
    return heard


@pytest.fixture
def expire_lease() -> Callable[[Job], None]:
    """Makes a running job look as if its worker died long ago, by the database's clock."""

    def expire(job: Job) -> None:
        assert Job.objects.filter(pk=job.pk).update(lease_expires_at=Now() - timedelta(seconds=1)) == 1

    return expire
