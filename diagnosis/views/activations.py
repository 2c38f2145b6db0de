"""Proposing that another model answers, deciding on it, and looking back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Role
from accounts.permissions import person, require_role
from diagnosis import model_card
from diagnosis.model_forms import DecisionForm, ProposalForm
from diagnosis.model_overview import IN_A_SENTENCE, activations
from diagnosis.models import InstalledModel, ModelActivation
from diagnosis.rehearsal_selectors import findings
from diagnosis.services import activation as services
from diagnosis.services.models import is_intact, model_in_force

may_change = require_role(Role.CLINICIAN, Role.ADMIN)
ROWS_PER_PAGE = 25


@require_GET
@login_required
def history(request: HttpRequest) -> HttpResponse:
    """Who proposed and who decided which model, newest first; no patient's data, so every role may look."""
    page = Paginator(activations(person(request)), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "diagnosis/models/history.html", {"page": page})


@require_http_methods(["GET", "POST"])
@may_change
def propose(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Shows what would change and asks why it should."""
    user = person(request)
    model = get_object_or_404(InstalledModel, public_id=public_id)
    form = ProposalForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        made = services.propose_activation(user=user, model=model, reason=form.cleaned_data["reason"])
        messages.success(request, "The proposal waits for its second person. Nothing has changed yet.")
        return redirect("activation-detail", made.public_id)
    context = {
        "form": form,
        "decider": services.IN_WORDS[services.OTHER_ROLE[Role(user.role)]],
        **_change(user.institution, model, services.newest_finished_rehearsal(user, model)),
    }
    return render(request, "diagnosis/models/propose.html", context, status=422 if form.errors else 200)


@require_GET
@may_change
def detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One proposal: both models side by side, the rehearsal, and the decision, or the form to take it."""
    return _show(request, _activation(request, public_id), DecisionForm())


@require_POST
@may_change
def decide(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Approves or rejects."""
    activation = _activation(request, public_id)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _show(request, activation, form, status=422)
    approves = form.cleaned_data["decision"] == DecisionForm.APPROVE
    act = services.approve_activation if approves else services.reject_activation
    act(user=person(request), activation=activation, note=form.cleaned_data["note"])
    if approves:
        messages.success(request, f"{activation.model} answers here from the next sample or image on.")
    else:
        messages.success(request, "The proposal is rejected. Everything stays as it was.")
    return redirect("activation-detail", activation.public_id)


@require_POST
@may_change
def withdraw(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Takes one's own proposal back."""
    activation = _activation(request, public_id)
    services.withdraw_activation(user=person(request), activation=activation)
    messages.success(request, "The proposal is withdrawn.")
    return redirect("model-detail", activation.model.public_id)


def _activation(request: HttpRequest, public_id: UUID) -> ModelActivation:
    return get_object_or_404(activations(person(request)), public_id=public_id)


def _show(request: HttpRequest, activation: ModelActivation, form: DecisionForm, status: int = 200) -> HttpResponse:
    user = person(request)
    waits = activation.decision == ModelActivation.Decision.PENDING
    rehearsal = services.newest_finished_rehearsal(user, activation.model) if waits else activation.rehearsal
    context = {
        "activation": activation,
        "form": form,
        "waits": waits,
        "may_approve": waits and services.may_approve(user, activation),
        "may_reject": waits and services.may_reject(user, activation),
        "is_own": waits and user == activation.proposed_by,
        "who_decides": services.who_decides(activation),
        "is_intact": not waits or is_intact(activation.model.weights_sha256),
        **_change(activation.institution, activation.model, rehearsal),
    }
    return render(request, "diagnosis/models/activation.html", context, status=status)


def _change(institution: Any, model: InstalledModel, rehearsal: Any) -> dict[str, Any]:
    """What would change: both models, their figures side by side, and what the rehearsal found."""
    current = model_in_force(model.modality, institution)
    return {
        "model": model,
        "current": current,
        "in_a_sentence": IN_A_SENTENCE.get(model.modality, model.modality),
        "comparison": model_card.side_by_side(current.card if current else {}, model.card),
        "rehearsal": rehearsal,
        "findings": findings(rehearsal) if rehearsal else None,
    }
