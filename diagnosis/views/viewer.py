"""The viewer's page, its JSON, and the marks that people draw in it."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.errors import DomainError
from accounts.models import Role
from accounts.permissions import View, person, require_role
from diagnosis.models import Annotation, Instance
from diagnosis.reading_progress import find_study, reading_progress
from diagnosis.services import annotations
from diagnosis.viewer_manifest import annotation_json, first_image, manifest_of
from diagnosis.viewer_selectors import read_study_to_view

PROBLEM = "application/problem+json"


def json_problems(view: Callable[..., HttpResponseBase]) -> View:
    """Refusals of a view that a script calls, as problem documents."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return view(request, *args, **kwargs)
        except (Http404, Annotation.DoesNotExist):
            return _problem(404, "not_found", "This is not here, or not yours to see.")
        except DomainError as error:
            return _problem(error.status, error.code, str(error))

    return answered


def _problem(status: int, code: str, detail: str) -> HttpResponse:
    body = {"type": "about:blank", "status": status, "code": code, "detail": detail}
    response = JsonResponse(body, status=status, content_type=PROBLEM)
    if status == 503:
        response["Retry-After"] = "60"
    return response


@require_GET
@require_role(Role.CLINICIAN)
def page(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A study in the viewer. The page carries the manifest and has the browser fetch the first frame at once."""
    study = read_study_to_view(user=person(request), public_id=public_id)
    manifest = manifest_of(study, user=person(request))
    first = first_image(manifest, wanted=request.GET.get("instance", ""))
    context = {
        "study": study,
        "manifest": manifest,
        "first_frame": f"{first['frameUrl']}1" if first else None,
    }
    return render(request, "diagnosis/viewer/viewer.html", context)


@require_GET
@require_role(Role.CLINICIAN)
@json_problems
def manifest(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A study's series, images, readings and marks; also how a prior study comes into the viewer.

    With `known`, the stamp of an earlier document, it is 204 as long as no image has been answered since: that names
    no patient and writes no audit event.
    """
    known = request.GET.get("known")
    if known and known == reading_progress(find_study(user=person(request), public_id=public_id)).stamp:
        return HttpResponse(status=204)
    study = read_study_to_view(user=person(request), public_id=public_id)
    return JsonResponse(manifest_of(study, user=person(request)))


@require_POST
@require_role(Role.CLINICIAN)
@json_problems
def annotation_list(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Keeps a new mark on one of the study's images."""
    images = Instance.objects.visible_to(person(request)).filter(series__study__public_id=public_id)
    images = images.select_related("series__study__patient")
    if not images:
        raise Http404
    sent = _sent(request)
    instance = get_object_or_404(images, public_id=_uuid(sent.get("instance")))
    mark = annotations.create_annotation(
        user=person(request),
        instance=instance,
        frame=sent.get("frame"),
        tool=sent.get("tool"),
        points=sent.get("points"),
        label=sent.get("label", ""),
    )
    return JsonResponse(annotation_json(mark, user=person(request)), status=201)


@require_http_methods(["PATCH", "DELETE"])
@require_role(Role.CLINICIAN)
@json_problems
def annotation_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Changes or removes a mark; its author alone may."""
    if request.method == "DELETE":
        annotations.remove_annotation(user=person(request), public_id=public_id)
        return HttpResponse(status=204)
    mark = annotations.change_annotation(user=person(request), public_id=public_id, changes=_sent(request))
    return JsonResponse(annotation_json(mark, user=person(request)))


@require_POST
@require_role(Role.CLINICIAN)
@json_problems
def annotation_restore(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Brings a removed mark back."""
    mark = annotations.restore_annotation(user=person(request), public_id=public_id)
    return JsonResponse(annotation_json(mark, user=person(request)))


def _sent(request: HttpRequest) -> dict[str, Any]:
    try:
        sent = json.loads(request.body or b"{}")
    except ValueError:
        sent = None
    if not isinstance(sent, dict):
        raise annotations.UnusableMark("Send the mark as a JSON object.")
    return sent


def _uuid(value: Any) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        raise Http404 from None
