"""The institution's choice about identities, with a look at what it does to a file."""

import tempfile
from itertools import groupby
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_POST

from accounts import audit
from accounts.models import Action, Role
from accounts.permissions import person, require_role
from diagnosis.deidentification_forms import PreviewForm
from diagnosis.models import IntakePolicy
from diagnosis.services.deidentify import preview_file
from diagnosis.services.intake_policy import set_deidentification
from ml.dicom.deidentification import Change, NotDeidentified

may_set = require_role(Role.ADMIN)
# The groups of the preview, in the order of what people look for first.
GROUPS = ("removed", "emptied", "replaced", "shifted")
IN_WORDS = {
    "removed": "Removed",
    "emptied": "Emptied: the place stays, the value goes",
    "replaced": "Replaced by a made-up value",
    "shifted": "Dates moved by the same number of days in all of this patient’s images",
}


@require_GET
@may_set
def settings(request: HttpRequest) -> HttpResponse:
    """Whether identities are removed here, what that means, and a form to try it."""
    return _show(request, PreviewForm())


@require_POST
@may_set
def switch(request: HttpRequest) -> HttpResponse:
    """Turns the removal on or off."""
    remove = request.POST.get("deidentify") == "yes"
    set_deidentification(user=person(request), remove=remove)
    if remove:
        messages.success(request, "Identities are removed from every image that comes in from now on.")
    else:
        messages.success(request, "Images that come in from now on keep their identities.")
    return redirect("intake-settings")


@require_POST
@may_set
@sensitive_variables()
def preview(request: HttpRequest) -> HttpResponse:
    """What would be changed in a file. It is read, shown and forgotten."""
    form = PreviewForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show(request, form, status=422)
    user = person(request)
    with tempfile.TemporaryDirectory(prefix="lobule-preview-") as folder:
        path = Path(folder) / "file"
        with path.open("wb") as out:
            for block in form.cleaned_data["file"].chunks():
                out.write(block)
        try:
            changes, changed, kept, quarantine = preview_file(institution=user.institution, path=path)
        except NotDeidentified as error:
            form.add_error("file", str(error))
            return _show(request, form, status=422)
    with transaction.atomic():
        audit.record(Action.VIEW, object_type="deidentification-preview", purpose="administration")
    found = {"changed": changed, "kept": kept, "quarantine": quarantine, "shown": len(changes)}
    return _show(request, form, preview=found | {"groups": _grouped(changes)})


def _grouped(changes: tuple[Change, ...]) -> list[dict[str, Any]]:
    order = {action: number for number, action in enumerate(GROUPS)}
    ordered = sorted(changes, key=lambda change: order[change.action])  # within a group as in the file
    return [
        {"action": action, "title": IN_WORDS[action], "changes": list(members)}
        for action, members in groupby(ordered, key=lambda change: change.action)
    ]


def _show(
    request: HttpRequest, form: PreviewForm, *, preview: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    policy = IntakePolicy.objects.filter(institution=person(request).institution).select_related("changed_by").first()
    context = {"policy": policy, "removes": bool(policy and policy.deidentify), "form": form, "preview": preview}
    return render(request, "diagnosis/deidentification/settings.html", context, status=status)
