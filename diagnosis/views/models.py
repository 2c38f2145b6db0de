"""Installed models and their cards."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from accounts.permissions import person
from diagnosis import model_card
from diagnosis.model_overview import IN_A_SENTENCE, TITLES, activations, overview, pending
from diagnosis.models import InstalledModel, Rehearsal
from diagnosis.services.activation import OTHER_ROLE
from diagnosis.services.models import decision_in_force, model_in_force


@require_GET
@login_required
def model_list(request: HttpRequest) -> HttpResponse:
    """What reads each modality here. A model holds no patient's data, so every role may look."""
    user = person(request)
    context = {
        "overview": overview(user.institution),
        "may_change": user.role in OTHER_ROLE,
        "has_history": activations(user).exists(),
    }
    return render(request, "diagnosis/models/list.html", context)


@require_GET
@login_required
def model_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One model's card: data, protocol, results, calibration, limits; and its part at this institution."""
    user = person(request)
    model = get_object_or_404(InstalledModel, public_id=public_id)
    in_force = model_in_force(model.modality, user.institution)
    may_change = user.role in OTHER_ROLE
    context = {
        "model": model,
        "card": model.card,
        "title": TITLES.get(model.modality, model.modality),
        "in_a_sentence": IN_A_SENTENCE.get(model.modality, model.modality),
        "figures": model_card.figures(model.card),
        "in_force": in_force,
        "answers_here": in_force == model,
        "decision": decision_in_force(model.modality, user.institution),
        "pending": pending(user.institution, model.modality).first(),
        "history": activations(user).filter(model=model),
        "may_change": may_change,
        "rehearsals": _rehearsals(request, model) if may_change else [],
    }
    return render(request, "diagnosis/models/detail.html", context)


def _rehearsals(request: HttpRequest, model: InstalledModel) -> list[Rehearsal]:
    return list(
        Rehearsal.objects.visible_to(request.user).filter(candidate=model).select_related("job", "current")[:10]
    )
