"""UPL-21: objects that no row knows go within the hour after their day, and no others, in folders and on real S3."""

import io
import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote
from uuid import uuid4

import numpy as np
import pytest
from django.conf import settings as conf
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import call_command
from django.test import override_settings
from storages.backends.s3 import S3Storage

from accounts.models import User
from diagnosis.models import FnaBatch, Instance
from diagnosis.services import orphan_objects
from diagnosis.services.image_objects import put_objects
from diagnosis.tasks import discard
from jobs.celery_settings import redis_transport
from tests.studies import ramp, store_answer, store_image, store_series, store_study
from webapp.storage import aliases

pytestmark = pytest.mark.django_db

Age = Callable[[], None]
DAY = timedelta(hours=24)
SECONDS = 3


@pytest.fixture
def folder_store(settings: Any, tmp_path: Path) -> Age:
    """An empty store in folders; what lies there can be made older than a day."""
    settings.UPLOAD_SPOOL_DIR = tmp_path / "arriving"
    settings.STORAGES = aliases(tmp_path.as_uri())
    assert settings.IMAGE_UPLOAD_MAX_AGE == DAY

    def age() -> None:
        long_ago = time.time() - DAY.total_seconds() - 60
        for path in (tmp_path / "phi").rglob("*"):
            os.utime(path, (long_ago, long_ago))

    return age


@pytest.fixture
def s3_store(settings: Any, tmp_path: Path, s3_server: Any) -> Iterator[Age]:
    """Three new buckets on a real server, on which a few seconds stand for a day."""
    settings.UPLOAD_SPOOL_DIR = tmp_path / "arriving"
    settings.IMAGE_UPLOAD_MAX_AGE = timedelta(seconds=SECONDS)
    stores = aliases(
        f"s3://test-{uuid4().hex[:12]}?endpoint_url={quote(s3_server.endpoint_url)}&region=us-east-1",
        access_key=s3_server.access_key,
        secret_key=s3_server.secret_key,
    )
    with override_settings(STORAGES=stores):
        call_command("create_buckets", stdout=io.StringIO())
        yield lambda: time.sleep(SECONDS + 1)
        for alias in ("phi", "synthetic", "audit"):
            bucket = cast("S3Storage", storages[alias]).bucket
            bucket.object_versions.delete()
            bucket.delete()


@pytest.fixture(params=["folder_store", pytest.param("s3_store", marks=pytest.mark.s3)])
def age(request: pytest.FixtureRequest) -> Age:
    return cast("Age", request.getfixturevalue(request.param))


@pytest.fixture
def kept(owner: User, scored_batch: FnaBatch) -> Callable[[], list[str]]:
    """Stores an image with its frames, its answer's map and a table; the keys of all of them."""

    def store() -> list[str]:
        image = store_image(owner, store_series(store_study(owner)), [ramp(), ramp(shift=1)])
        answer = store_answer(image, evidence=np.zeros((4, 6, 4), np.uint8))
        scored_batch.file_key = storages["phi"].save(f"fna/{uuid4()}", ContentFile(b"a,b"))
        scored_batch.save()
        frames = image.frames
        assert frames is not None
        names = (*frames.files, frames.thumbnail)
        return [image.object_key, answer.evidence_key, scored_batch.file_key, *(image.frame_key(one) for one in names)]

    return store


def leave() -> list[str]:
    """What processes leave that die between storing objects and writing their rows."""
    name = uuid4()
    keys = [f"images/{name}", f"frames/{name}/0001.raw", f"frames/{name}/thumbnail.png"]
    keys += [f"evidence/{uuid4()}.png", f"fna/{uuid4()}"]
    return [storages["phi"].save(key, ContentFile(b"left")) for key in keys]


def there(keys: list[str]) -> list[bool]:
    return [storages["phi"].exists(key) for key in keys]


def test_upl_21_old_objects_without_a_row_are_removed_and_no_others(age: Age, kept: Callable[[], list[str]]) -> None:
    known, orphans = kept(), leave()
    not_ours = storages["phi"].save("images/README", ContentFile(b"put here by hand"))
    age()
    fresh = leave()
    discard()
    assert there(orphans) == [False] * 5
    assert there(fresh) == [True] * 5
    assert there(known) == [True] * len(known)
    assert there([not_ours]) == [True]
    discard()
    assert there(fresh) == [True] * 5


def test_upl_21_an_image_whose_row_is_being_written_stays(
    age: Age, owner: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    series = store_series(store_study(owner))
    with put_objects(Instance(public_id=uuid4()), data=b"DICM", frames=None, folder=tmp_path):
        discard()
        keys = [f"images/{name}" for name in storages["phi"].listdir("images")[1]]
    assert there(keys) == [True]

    # Its process slept for a day; the row comes while the store is being looked through.
    late = uuid4()
    key = storages["phi"].save(f"images/{late}", ContentFile(b"DICM"))
    age()
    real = storages["phi"].get_modified_time

    def just_then(name: str) -> Any:
        if name == key:
            store_image(owner, series, [ramp()], public_id=late)
        return real(name)

    monkeypatch.setattr(storages["phi"], "get_modified_time", just_then)
    discard()
    assert there([key]) == [True]


def test_a_store_that_looks_like_another_databases_is_left_alone(
    folder_store: Age, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(orphan_objects, "FEW", 3)
    keys = [storages["phi"].save(f"images/{uuid4()}", ContentFile(b"DICM")) for _ in range(4)]
    folder_store()
    discard()
    assert there(keys) == [True] * 4
    assert "4 stored objects have no row" in caplog.text
    errors = io.StringIO()
    call_command("discard_stale_uploads", stdout=io.StringIO(), stderr=errors)
    assert there(keys) == [True] * 4
    assert "--even-many" in errors.getvalue()
    call_command("discard_stale_uploads", even_many=True, stdout=io.StringIO(), stderr=errors)
    assert there(keys) == [False] * 4


def test_a_run_keeps_to_its_time_and_the_next_goes_on(folder_store: Age, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [storages["phi"].save(f"images/{uuid4()}", ContentFile(b"DICM")) for _ in range(5)]
    folder_store()
    assert orphan_objects.remove_orphans(budget=timedelta(0)).removed == 0
    clock = iter(range(100))
    monkeypatch.setattr(orphan_objects, "monotonic", lambda: float(next(clock)))
    assert orphan_objects.remove_orphans(budget=timedelta(seconds=3)).removed == 3
    assert sum(there(keys)) == 2
    assert orphan_objects.remove_orphans().removed == 2


def test_beat_sends_it_every_hour() -> None:
    (schedule,) = (
        entry["schedule"]
        for entry in redis_transport("redis://localhost")["CELERY_BEAT_SCHEDULE"].values()
        if entry["task"] == discard.name
    )
    assert schedule == 3600
    assert conf.IMAGE_UPLOAD_MAX_AGE == DAY
