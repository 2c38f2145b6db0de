"""Small sources with their records, and running a job to its end, share by share."""

import io
from collections.abc import Mapping
from functools import cache
from zipfile import ZipFile

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.models import User
from jobs.models import Job, JobStatus
from jobs.runner import run
from synthesis.demo.sources import PHANTOMS, WDBC, phantom_file, wdbc_file
from synthesis.models import SourceDataset
from synthesis.services.sources import add_source, release_source

MOST_SHARES = 40


def table_source(admin: User) -> SourceDataset:
    """The public WDBC table, released."""
    return release_source(user=admin, source=add_source(user=admin, about=WDBC, file=wdbc_file()))


def picture_source(admin: User, count: int = 120, side: int = 16) -> SourceDataset:
    """Drawn pictures, released."""
    file = SimpleUploadedFile("phantoms.zip", _drawn(count, side))
    return release_source(user=admin, source=add_source(user=admin, about=PHANTOMS, file=file))


@cache
def _drawn(count: int, side: int) -> bytes:
    return bytes(phantom_file(count, side).read())


def archive(files: Mapping[str, bytes], name: str = "upload.zip") -> SimpleUploadedFile:
    """A ZIP archive of these files."""
    out = io.BytesIO()
    with ZipFile(out, "w") as opened:
        for member, data in files.items():
            opened.writestr(member, data)
    return SimpleUploadedFile(name, out.getvalue())


def picture(shade: int, size: int = 24, kind: str = "PNG") -> bytes:
    """A grey picture with a darker square, so that no two shades give the same."""
    image = Image.new("L", (size, size), shade)
    image.paste(shade // 2, (4, 4, 8 + shade % 8, 12))
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def work_off(job: Job) -> int:
    """Runs the job's shares until it has ended; how many there were."""
    for share in range(1, MOST_SHARES):
        assert run(job.public_id, worker="test")
        job.refresh_from_db()
        if job.status != JobStatus.QUEUED:
            return share
    raise AssertionError("the job never ends")
