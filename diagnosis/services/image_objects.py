"""An image's objects in the phi storage: the file itself and its decoded frames, under names of our own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.files.base import ContentFile, File
from django.core.files.storage import storages

from diagnosis.models import Instance
from ml.dicom.frames import OVERLAY, THUMBNAIL, FrameSet


@contextmanager
def put_objects(instance: Instance, *, data: bytes | Path, frames: FrameSet | None, folder: Path) -> Iterator[None]:
    """Stores an image's objects for the time of the block; they stay if it ends well and go if it does not.

    Rows are written inside, so that no row is ever without its objects, and no object without its row unless the
    process dies in between.
    """
    phi = storages["phi"]
    written: list[str] = []
    try:
        if isinstance(data, bytes):
            written.append(phi.save(instance.object_key, ContentFile(data)))
        else:
            written.append(_save_file(instance.object_key, data))
        written.extend(_save_file(instance.frame_key(name), folder / name) for name in _frame_files(frames))
        yield
    except BaseException:
        for key in written:
            phi.delete(key)
        raise


def delete_objects(instance: Instance) -> None:
    """Removes the file and everything that was made from it."""
    phi = storages["phi"]
    phi.delete(instance.object_key)
    for name in _frame_files(instance.frames):
        phi.delete(instance.frame_key(name))


def read_frame(instance: Instance, frame: int) -> bytes:
    """One decoded frame, numbered from 1, as raw little-endian values.

    Raises:
        FileNotFoundError: there is no such frame.
    """
    frames = instance.frames
    if frames is None or not 1 <= frame <= len(frames.files):
        raise FileNotFoundError(f"frame {frame}")
    with storages["phi"].open(instance.frame_key(frames.files[frame - 1])) as file:
        data: bytes = file.read()
    return data


def _save_file(key: str, path: Path) -> str:
    with path.open("rb") as file:
        return storages["phi"].save(key, File(file))


def _frame_files(frames: FrameSet | None) -> list[str]:
    if frames is None:
        return []
    return [*frames.files, frames.thumbnail or THUMBNAIL, *([OVERLAY] if frames.overlays else [])]
