"""The demo's images: drawn mammography and ultrasound, and public ultrasound examples that the DICOM library brings."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from pydicom import examples

from accounts.models import User
from diagnosis.demo.mammography_phantom import mammography_phantom
from diagnosis.demo.ultrasound_phantom import ultrasound_phantom
from diagnosis.models import Upload
from diagnosis.services.studies import register_file, store_file

# Anonymous test images by NEMA and others: a still picture and a cine loop.
EXAMPLES = ("jpeg2k", "ybr_color")


def upload_demo_images(user: User) -> Upload:
    """Sends the demo's images as this person, through the same intake as anybody's."""
    upload = Upload.objects.create(institution=user.institution, created_by=user, source=Upload.Source.DEMO)
    with tempfile.TemporaryDirectory(prefix="lobule-demo-") as folder:
        for name, data in _files():
            path = Path(folder) / name
            path.write_bytes(data)
            store_file(file=register_file(upload=upload, name=name, size=len(data)), path=path)
    return upload


def _files() -> Iterator[tuple[str, bytes]]:
    yield from mammography_phantom()
    yield from ultrasound_phantom()
    for example in EXAMPLES:
        path = examples.get_path(example)
        yield path.name, path.read_bytes()
