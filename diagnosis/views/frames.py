"""Pixels for the viewer: frames as raw little-endian values, thumbnails and overlays; and the file as it came."""

from pathlib import PurePosixPath
from typing import TypeVar
from uuid import UUID

from django.core.files import File
from django.core.files.storage import storages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from accounts.errors import DomainError
from accounts.models import Role
from accounts.permissions import person, require_role
from diagnosis.models import Instance, Prediction
from diagnosis.viewer_selectors import read_file_to_export, read_image
from diagnosis.views.viewer import json_problems
from ml.dicom.frames import OVERLAY, FrameSet

ENDINGS = {"dicom": ".dcm", "png": ".png", "jpeg": ".jpg", "tiff": ".tif"}


class ObjectMissing(DomainError):
    """The database knows the object, the storage does not."""

    status = 404
    code = "object_missing"


@require_GET
@require_role(Role.CLINICIAN)
@json_problems
def frame(request: HttpRequest, public_id: UUID, number: int) -> HttpResponseBase:
    """Frame `number`, from 1: rows × columns × samples values without any header."""
    instance = read_image(user=person(request), public_id=public_id, part="frame", frame=number)
    frames = _frames(instance)
    if not 1 <= number <= len(frames.files):
        raise Http404
    return _sent(instance.frame_key(frames.files[number - 1]))


@require_GET
@require_role(Role.CLINICIAN)
@json_problems
def thumbnail(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """A small picture of the image."""
    instance = read_image(user=person(request), public_id=public_id, part="thumbnail")
    return _picture(instance.frame_key(_frames(instance).thumbnail))


@require_GET
@require_role(Role.CLINICIAN)
@json_problems
def overlay(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The file's graphic overlays, as a mask of the image's size."""
    instance = read_image(user=person(request), public_id=public_id, part="overlay")
    if not _frames(instance).overlays:
        raise Http404
    return _picture(instance.frame_key(OVERLAY))


@require_GET
@require_role(Role.CLINICIAN)
@json_problems
def evidence(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The evidence map of the newest answer about the image, to lay over it."""
    instance = read_image(user=person(request), public_id=public_id, part="evidence")
    newest = Prediction.objects.filter(instance=instance).order_by("-created_at", "-id").first()
    if newest is None or not newest.has_evidence_map:
        raise Http404
    return _picture(newest.evidence_key)


@require_GET
@require_role(Role.CLINICIAN)
@json_problems
def original(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The file itself, always as a download: a browser must never open what came from outside."""
    instance = read_file_to_export(user=person(request), public_id=public_id)
    name = f"{instance.public_id}{ENDINGS.get(instance.format, '.bin')}"
    return _sent(instance.object_key, attachment=name)


def _frames(instance: Instance) -> FrameSet:
    frames = instance.frames
    if frames is None:
        raise Http404
    return frames


def _picture(key: str) -> HttpResponse:
    with _stored(key) as stored:
        return _guarded(HttpResponse(stored.read(), content_type="image/png"))


def _sent(key: str, *, attachment: str = "") -> FileResponse:
    stored = _stored(key)
    response = FileResponse(
        stored,
        as_attachment=bool(attachment),
        filename=attachment or PurePosixPath(key).name,
        content_type="application/octet-stream",
    )
    response["Content-Length"] = str(stored.size)
    return _guarded(response)


def _stored(key: str) -> "File[bytes]":
    try:
        return storages["phi"].open(key, "rb")
    except FileNotFoundError:
        raise ObjectMissing(
            "The site has lost this part of the image. Send the file again, or tell your administrator."
        ) from None


ResponseT = TypeVar("ResponseT", bound=HttpResponseBase)


def _guarded(response: ResponseT) -> ResponseT:
    """Kept by nobody, taken for nothing else, and of use to this site's pages only."""
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
