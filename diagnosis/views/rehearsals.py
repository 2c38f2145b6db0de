"""Upgrade rehearsals: starting one, watching it, and seeing what would flip."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Role
from accounts.permissions import person, require_role
from diagnosis import rehearsal_selectors as selectors
from diagnosis.model_overview import IN_A_SENTENCE, pending
from diagnosis.models import InstalledModel
from diagnosis.rehearsal import MOST
from diagnosis.services.models import model_in_force
from diagnosis.services.rehearsal import start_rehearsal
from diagnosis.services.rehearsal_export import export_rehearsal
from diagnosis.views.csv import csv_response

FLIPS_PER_PAGE = 50


@require_POST
@require_role(Role.CLINICIAN, Role.ADMIN)
def start(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Queues a rehearsal of the model."""
    model = get_object_or_404(InstalledModel, public_id=public_id)
    return redirect("rehearsal-detail", start_rehearsal(user=person(request), candidate=model).public_id)


@require_GET
@require_role(Role.CLINICIAN, Role.ADMIN)
def detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Progress, then what would change: counts for both roles, patients' cases for clinicians alone."""
    user = person(request)
    rehearsal = selectors.get_rehearsal(user=user, public_id=public_id)
    candidate = rehearsal.candidate
    in_force = model_in_force(candidate.modality, user.institution)
    context = {
        "rehearsal": rehearsal,
        "candidate": candidate,
        "in_a_sentence": IN_A_SENTENCE.get(candidate.modality, candidate.modality),
        "most": MOST,
        "sees_cases": user.role == Role.CLINICIAN,
        "may_propose": in_force != candidate and not pending(user.institution, candidate.modality).exists(),
        "answers_here": in_force == candidate,
        "current_has_changed": in_force != rehearsal.current,
    }
    if rehearsal.job.is_final:
        context |= _results(request, rehearsal)
    return render(request, "diagnosis/models/rehearsal.html", context)


def _results(request: HttpRequest, rehearsal: Any) -> dict[str, Any]:
    found = selectors.findings(rehearsal)
    page = Paginator(selectors.flips(rehearsal, person(request)), FLIPS_PER_PAGE).get_page(request.GET.get("page"))
    page.object_list = selectors.list_flips(rehearsal=rehearsal, answers=page.object_list)
    return {
        "findings": found,
        "kinds": selectors.KINDS,
        "left_out": rehearsal.job.progress_total - found.compared,
        "points": selectors.points(rehearsal),
        "page": page,
    }


@require_GET
@require_role(Role.CLINICIAN)
def export(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Every compared answer as CSV."""
    rehearsal = selectors.get_rehearsal(user=person(request), public_id=public_id)
    answers = selectors.answers_seen_by(rehearsal, person(request))
    return csv_response(export_rehearsal(rehearsal, answers), f"lobule-rehearsal-{str(rehearsal.public_id)[:8]}.csv")
