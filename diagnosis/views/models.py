"""Installed models and their cards."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from diagnosis import model_card
from diagnosis.models import InstalledModel


@require_GET
@login_required
def model_list(request: HttpRequest) -> HttpResponse:
    """What this site can score with. A model holds no patient's data, so every role may look."""
    return render(request, "diagnosis/model_list.html", {"models": InstalledModel.objects.all()})


@require_GET
@login_required
def model_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One model's card: data, protocol, results, calibration, limits."""
    model = get_object_or_404(InstalledModel, public_id=public_id)
    context = {
        "model": model,
        "card": model.card,
        "performance": model_card.performance(model.card),
        "conformal": model_card.conformal(model.card),
        "referral": model_card.referral(model.card),
        "refusals": model_card.refusals(model.card),
        "calibration_bins": model_card.calibration_bins(model.card),
    }
    return render(request, "diagnosis/model_detail.html", context)
