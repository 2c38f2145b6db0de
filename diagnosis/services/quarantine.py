"""What a person decides about an image that waits for review: release it, release it masked, or reject it."""

import tempfile
import uuid
from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Any

from django.core.files.storage import storages
from django.db import transaction

from accounts import audit
from accounts.errors import Conflict, DomainError
from accounts.models import Action, User
from diagnosis.models import Instance
from diagnosis.services.image_objects import delete_objects, put_objects
from diagnosis.services.image_routing import queue_reading, read_frame_number
from ml.dicom.deidentification import NotMasked, Region, mask_regions, rewrite_picture
from ml.dicom.deidentification.masking import mask_frames, same_outside
from ml.dicom.frames import FrameSet
from ml.dicom.inspection import Inspection, inspect
from ml.dicom.rendering import load_frame

State = Instance.State
MOST_REGIONS = 50


def release(*, user: User, instance: Instance) -> Instance:
    """Lets the image through as it is: a person has looked at it.

    Raises:
        Conflict: somebody else has decided already.
        AuditUnavailable: nothing was changed.
    """
    with tempfile.TemporaryDirectory(prefix="lobule-review-") as name, transaction.atomic():
        _decide(instance, state=State.READY, state_reason="")
        _record(instance, "released as it is")
        _queue(instance, user, Path(name))
    return instance


def release_masked(*, user: User, instance: Instance, regions: Sequence[Region]) -> Instance:
    """Blanks the regions on every frame, for good, and lets the image through.

    What is stored afterwards is a new file under a new name, checked against the old one: blank in the regions, equal
    everywhere else. The old one is deleted.

    Raises:
        DomainError: no region, too many, one outside the picture, or the picture can't be masked.
        Conflict: somebody else has decided already.
        AuditUnavailable: nothing was changed.
    """
    frames = instance.frames
    if frames is None:
        raise DomainError("There is no picture to mask.", code="no_picture")
    if not 1 <= len(regions) <= MOST_REGIONS:
        raise DomainError(f"Mark between 1 and {MOST_REGIONS} rectangles.", code="regions")
    old = copy(instance)
    with tempfile.TemporaryDirectory(prefix="lobule-review-") as name:
        folder = Path(name)
        path = folder / "masked"
        path.write_bytes(_masked(old, frames, regions, folder))
        inspection = _checked(old, frames, regions, path, folder)
        instance.public_id = uuid.uuid4()
        with put_objects(instance, data=path, frames=inspection.frames, folder=folder), transaction.atomic():
            _decide(
                instance,
                known_as=old.public_id,
                public_id=instance.public_id,
                state=State.READY,
                state_reason="",
                **_described(inspection),
            )
            _record(instance, "released masked", regions=len(regions), replaces=str(old.public_id))
            _queue(instance, user, folder)
            transaction.on_commit(lambda: delete_objects(old))
    return instance


def reject(*, user: User, instance: Instance, reason: str) -> Instance:
    """Keeps the image from everybody; of a de-identified study it is deleted too, so that no identity is kept.

    Raises:
        DomainError: no reason is given.
        Conflict: somebody else has decided already.
        AuditUnavailable: nothing was changed.
    """
    reason = reason.strip()
    if not reason:
        raise DomainError("Say why the picture is rejected.", code="reason_required")
    with transaction.atomic():
        _decide(instance, state=State.REJECTED, state_reason=f"Rejected by {user}: {reason}")
        _record(instance, "rejected")
        if instance.series.study.is_deidentified:
            transaction.on_commit(lambda: delete_objects(instance))
    return instance


def fetch_frame(instance: Instance, frames: FrameSet, index: int, folder: Path) -> None:
    """Copies one frame file, by its index from 0, from the phi storage into a folder."""
    name = frames.files[index]
    with storages["phi"].open(instance.frame_key(name)) as stored:
        (folder / name).write_bytes(stored.read())


def _decide(instance: Instance, *, known_as: uuid.UUID | None = None, **changes: Any) -> None:
    """Compare and set: the first decision counts."""
    waiting = Instance.objects.filter(pk=instance.pk, public_id=known_as or instance.public_id, state=State.QUARANTINED)
    if waiting.update(**changes) != 1:
        raise Conflict("Somebody else has decided on this picture meanwhile.", code="decided_already")
    for name, value in changes.items():
        setattr(instance, name, value)


def _masked(instance: Instance, frames: FrameSet, regions: Sequence[Region], folder: Path) -> bytes:
    """The masked file; its masked frames lie in `folder`."""
    for index in range(frames.frames):
        fetch_frame(instance, frames, index, folder)
    try:
        if instance.format != "dicom":
            mask_frames(folder, frames, regions)
            return rewrite_picture(folder, frames)
        with storages["phi"].open(instance.object_key) as stored:
            data: bytes = stored.read()
        return mask_regions(data, regions, folder=folder, frames=frames)
    except NotMasked as error:
        raise DomainError(str(error), code="not_maskable") from error
    except ValueError as error:
        raise DomainError("A rectangle lies outside the picture. Draw it again.", code="regions") from error


def _checked(instance: Instance, frames: FrameSet, regions: Sequence[Region], path: Path, folder: Path) -> Inspection:
    """The masked file, decoded into `folder`, after comparing every frame with the one that is stored."""
    inspection = inspect(path, modality=instance.series.modality or None, decode_into=folder)
    new = inspection.frames
    if new is None or (new.frames, new.slope, new.intercept) != (frames.frames, frames.slope, frames.intercept):
        raise _not_faithful()
    with tempfile.TemporaryDirectory(prefix="lobule-review-") as name:
        for index in range(frames.frames):
            fetch_frame(instance, frames, index, Path(name))
            before, after = load_frame(Path(name), frames, index), load_frame(folder, new, index)
            if not same_outside(before, after, regions):
                raise _not_faithful()
            (Path(name) / frames.files[index]).unlink()
    return inspection


def _not_faithful() -> DomainError:
    message = "This picture can't be masked without changing the rest of it. Reject it, mask it and send it again."
    return DomainError(message, code="not_maskable")


def _described(inspection: Inspection) -> dict[str, Any]:
    assert inspection.frames is not None
    values: dict[str, Any] = {
        "sha256": inspection.sha256,
        "bytes": inspection.size,
        "format": inspection.format,
        "frame_set": inspection.frames.as_dict(),
    }
    if inspection.header is not None:
        values["header"] = inspection.header.as_dict()["instance"]
    return values


def _queue(instance: Instance, user: User, folder: Path) -> None:
    """Has a model read an image that may be read now."""
    frames = instance.frames
    if instance.kind != Instance.Kind.IMAGE or instance.differs_from_id is not None or frames is None:
        return
    fetch_frame(instance, frames, read_frame_number(frames) - 1, folder)
    queue_reading(instance=instance, user=user, folder=folder)


def _record(instance: Instance, decision: str, **detail: Any) -> None:
    audit.record(
        Action.REVIEW,
        object_type="image",
        object_id=instance.public_id,
        patient_pseudonym=str(instance.series.study.patient.public_id),
        detail={"decision": decision, **detail},
    )
