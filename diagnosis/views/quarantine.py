"""Pictures that a person has to look at before anyone uses them."""

import tempfile
from io import BytesIO
from pathlib import Path
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST
from PIL import Image

from accounts.errors import DomainError
from accounts.models import Role
from accounts.permissions import person, require_role
from diagnosis.deidentification_forms import DecisionForm
from diagnosis.models import Instance
from diagnosis.quarantine_selectors import find_waiting, list_waiting, read_waiting, waiting_for_review
from diagnosis.services import quarantine as services
from ml.dicom.deidentification import writing_in
from ml.dicom.rendering import load_frame, to_display

may_review = require_role(Role.CLINICIAN)
ROWS_PER_PAGE = 25
MOST_SUGGESTIONS = 40
MARGIN = 4


@require_GET
@may_review
def waiting(request: HttpRequest) -> HttpResponse:
    """The pictures that wait, the one that waits longest first."""
    page = Paginator(waiting_for_review(person(request)), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    page.object_list = list_waiting(rows=page.object_list)
    return render(request, "diagnosis/deidentification/waiting.html", {"page": page})


@require_GET
@may_review
def review(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One picture, why it waits, and the form to decide."""
    instance = read_waiting(user=person(request), public_id=public_id)
    return _show(request, instance, DecisionForm())


@require_GET
@may_review
def picture(request: HttpRequest, public_id: UUID, number: int) -> HttpResponse:
    """Frame `number`, from 1, as a screen shows it."""
    instance = read_waiting(user=person(request), public_id=public_id, frame=number)
    frames = instance.frames
    if frames is None or not 1 <= number <= frames.frames:
        raise Http404
    with tempfile.TemporaryDirectory(prefix="lobule-review-") as folder:
        services.fetch_frame(instance, frames, number - 1, Path(folder))
        shown = to_display(load_frame(Path(folder), frames, number - 1), frames)
    out = BytesIO()
    Image.fromarray(shown).save(out, "PNG", compress_level=1)
    response = HttpResponse(out.getvalue(), content_type="image/png")
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@require_POST
@may_review
def decide(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Releases the picture, as it is or masked, or rejects it."""
    user = person(request)
    instance = find_waiting(user=user, public_id=public_id)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _show(request, read_waiting(user=user, public_id=public_id), form, status=422)
    decision = form.cleaned_data["decision"]
    try:
        if decision == DecisionForm.RELEASE:
            services.release(user=user, instance=instance)
            messages.success(request, "The picture is released as it is.")
        elif decision == DecisionForm.MASK:
            services.release_masked(user=user, instance=instance, regions=form.cleaned_data["rectangles"])
            messages.success(request, "The rectangles are blank now and the picture is released.")
        else:
            services.reject(user=user, instance=instance, reason=form.cleaned_data["reason"])
            messages.success(request, "The picture is rejected. Nobody is shown it and no model reads it.")
    except DomainError as error:
        if error.status >= 500 or error.code == "decided_already":
            raise
        form.add_error("rectangles", str(error))
        return _show(request, read_waiting(user=user, public_id=public_id), form, status=422)
    following = waiting_for_review(user).first()
    return redirect("quarantine-review", following.public_id) if following else redirect("quarantine-list")


def _show(request: HttpRequest, instance: Instance, form: DecisionForm, status: int = 200) -> HttpResponse:
    frames = instance.frames
    context = {
        "instance": instance,
        "study": instance.series.study,
        "frames": frames,
        "form": form,
        "suggestions": _suggestions(instance),
        "count": waiting_for_review(person(request)).count(),
    }
    return render(request, "diagnosis/deidentification/review.html", context, status=status)


def _suggestions(instance: Instance) -> list[list[int]]:
    """Rectangles around what looks like writing in the first frame: left, top, right, bottom."""
    frames = instance.frames
    if frames is None:
        return []
    with tempfile.TemporaryDirectory(prefix="lobule-review-") as folder:
        services.fetch_frame(instance, frames, 0, Path(folder))
        rows = writing_in(Path(folder), frames, 0)
    return [
        [
            max(row.x0 - MARGIN, 0),
            max(row.y0 - MARGIN, 0),
            min(row.x1 + MARGIN, frames.columns - 1),
            min(row.y1 + MARGIN, frames.rows - 1),
        ]
        for row in rows[:MOST_SUGGESTIONS]
    ]
