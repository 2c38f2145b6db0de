"""What to make of a file: `inspect`, the one judgement that the site, the command line and the network share."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import mmap
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from ml.dicom.content import ADVICE, Kind, kind_of
from ml.dicom.decoding import decode
from ml.dicom.elements import Buffer
from ml.dicom.frames import FrameSet
from ml.dicom.levels import Header
from ml.dicom.outcomes import KEPT, Refusal, Remark
from ml.dicom.picture_headers import check_picture
from ml.dicom.screening import screen

MAX_FILE_BYTES: Final = 4 * 2**30
_IN_MEMORY: Final = 2**20
_HEAD: Final = 4096
_EXTENSIONS: Final = {
    "dcm": "dicom",
    "dicom": "dicom",
    "ima": "dicom",
    "png": "png",
    "jpg": "jpeg",
    "jpeg": "jpeg",
    "tif": "tiff",
    "tiff": "tiff",
}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Inspection:
    """The outcome of looking at one file.

    `status` is "image", "kept" (not a picture of a patient, stored all the same) or "refused".
    `code` is "" for an image, one of `outcomes.KEPT` for a kept file, one of `outcomes.CODES` for a refused one, and
    `message` says it in plain words. `format` is "dicom", "png", "jpeg", "tiff" or "". `sha256` is of the file as it
    came. `header` is DICOM's; `frames` are there when an image was decoded.
    """

    status: Literal["image", "kept", "refused"]
    code: str
    message: str
    format: str
    sha256: str
    size: int
    header: Header | None = None
    warnings: tuple[Remark, ...] = ()
    frames: FrameSet | None = None

    def as_dict(self) -> dict[str, Any]:
        """The outcome in JSON types; the frames are summed up."""
        frames = self.frames
        return {
            "status": self.status,
            "code": self.code,
            "message": self.message,
            "format": self.format,
            "sha256": self.sha256,
            "bytes": self.size,
            "header": self.header.as_dict() if self.header else None,
            "warnings": [{"code": remark.code, "message": remark.message} for remark in self.warnings],
            "frames": None
            if frames is None
            else {
                "rows": frames.rows,
                "columns": frames.columns,
                "frames": frames.frames,
                "samples": frames.samples,
                "type": frames.dtype,
                "photometric": frames.photometric,
                "minimum": frames.minimum,
                "maximum": frames.maximum,
                "spacing_mm": frames.spacing,
            },
        }


def inspect(
    path: Path, *, file_name: str = "", modality: str | None = "", decode_into: Path | None = None
) -> Inspection:
    """Judge one file; with `decode_into` an image is also decoded into that folder, by a limited process.

    The file must not change meanwhile. `file_name` is what the sender calls it and decides nothing. A PNG, JPEG or
    TIFF picture is refused unless its `modality` is stated; None asks for none. Never raises for what is in the file.
    """
    outcome = Inspection("refused", "unreadable", "", "", "", 0)
    try:
        with _opened(path) as buffer:
            outcome = replace(outcome, sha256=hashlib.sha256(buffer).hexdigest(), size=len(buffer))
            kind = kind_of(bytes(buffer[:_HEAD]))
            outcome = replace(outcome, format="dicom" if kind == "bare" else kind)
            outcome = _judged(buffer, kind, outcome, modality)
        outcome = _named(outcome, file_name)
        if decode_into is not None and (outcome.status == "image" or outcome.code == "derived_object"):
            outcome = _decoded(path, outcome, decode_into)
    except Refusal as refusal:
        return _refused(outcome, refusal.code, refusal.message)
    except OSError as error:
        message = f"The file could not be read ({error.strerror or type(error).__name__}). Try again."
        return _refused(outcome, "unreadable", message)
    except Exception as error:  # the last line of defence: a file nobody foresaw is refused, never a crash
        _log.warning("a file was refused because reading it failed: %s", type(error).__name__)
        message = "The file is damaged in a way that can't be told. Export the image again."
        return _refused(outcome, "damaged_header", message)
    return outcome


def _refused(outcome: Inspection, code: str, message: str) -> Inspection:
    """The refusal of a file, with nothing of what its header says of a patient."""
    return replace(outcome, status="refused", code=code, message=message, header=None, warnings=(), frames=None)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Buffer]:
    """The file's bytes; of a large file they are mapped, not read."""
    with path.open("rb") as file:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            raise Refusal("unreadable", "That is a folder or a device, not a file. Choose the files in it.")
        if not state.st_size:
            raise Refusal("empty_file", f"The file is empty. {ADVICE}")
        if state.st_size > MAX_FILE_BYTES:
            raise Refusal("too_large", f"The file has more than {MAX_FILE_BYTES // 2**30} GB. Send it in parts.")
        if state.st_size <= _IN_MEMORY:
            yield file.read()
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            yield mapped


def _judged(buffer: Buffer, kind: Kind, outcome: Inspection, modality: str | None) -> Inspection:
    if kind in ("dicom", "bare"):
        return _dicom(buffer, outcome, bare=kind == "bare")
    return _picture(buffer, kind, outcome, modality)


def _dicom(buffer: Buffer, outcome: Inspection, *, bare: bool) -> Inspection:
    found = screen(buffer, bare=bare, sha256=outcome.sha256)
    return replace(
        outcome,
        status="kept" if found.kept else "image",
        code=found.kept,
        message=KEPT[found.kept] if found.kept else "",
        header=found.header,
        warnings=found.remarks,
    )


def _picture(buffer: Buffer, kind: Kind, outcome: Inspection, modality: str | None) -> Inspection:
    check_picture(buffer, kind)
    if modality is not None and not modality.strip():
        raise Refusal(
            "modality_not_stated",
            f"A {kind.upper()} picture does not say how it was made. State its modality (such as ultrasound), "
            "or send the DICOM file.",
        )
    return replace(outcome, status="image", code="", message="")


def _named(outcome: Inspection, file_name: str) -> Inspection:
    """The outcome with a remark when the file's name suggests another kind of file."""
    suggested = _EXTENSIONS.get(file_name.lower().rpartition(".")[2]) if "." in file_name else None
    if suggested is None or suggested == outcome.format:
        return outcome
    return replace(outcome, warnings=(*outcome.warnings, Remark.of("extension_misleading")))


def _decoded(path: Path, outcome: Inspection, into: Path) -> Inspection:
    try:
        return replace(outcome, frames=decode(path, into))
    except Refusal as refusal:
        if outcome.status == "kept":
            remark = Remark.of("not_shown", f"The pixels can't be shown. {refusal.message}")
            return replace(outcome, warnings=(*outcome.warnings, remark))
        raise
