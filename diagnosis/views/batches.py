"""Batches: what arrived together, how far it is, and how it compares with what is known."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.models import Role, User
from accounts.permissions import person, require_role
from diagnosis import selectors
from diagnosis.models import FnaBatch, Prediction
from diagnosis.services.export import export_cases
from diagnosis.views.csv import csv_response
from diagnosis.views.preview import shown_problems

BATCHES_PER_PAGE = 25
CASES_PER_PAGE = 50
CLEARLY = 0.05


@require_GET
@require_role(Role.CLINICIAN)
def batch_list(request: HttpRequest) -> HttpResponse:
    """The institution's batches, newest first."""
    batches = FnaBatch.objects.visible_to(request.user).select_related("job", "created_by")
    page = Paginator(batches, BATCHES_PER_PAGE).get_page(request.GET.get("page"))
    page.object_list = selectors.list_batches(batches=page.object_list)
    return render(request, "diagnosis/batch_list.html", {"page": page})


@require_GET
@require_role(Role.CLINICIAN)
def detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One batch: progress, answers by kind, accuracy where the diagnosis is known, and its cases."""
    batch = selectors.read_batch(user=person(request), public_id=public_id)
    cases = selectors.worklist(person(request)).filter(fna_sample__batch=batch).order_by("fna_sample__row_number")
    page = Paginator(cases, CASES_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "batch": batch,
        "page": page,
        "comparison": selectors.compare_with_known(batch, person(request)),
        "problems": shown_problems(selectors.remarks_on(batch, person(request))),
    }
    if batch.job.is_final:
        context |= _spread(batch, person(request))
    return render(request, "diagnosis/batch_detail.html", context)


def _spread(batch: FnaBatch, user: User) -> dict[str, Any]:
    """What the histogram of the batch's probabilities shows, and says in words."""
    probabilities = selectors.probabilities(batch, user)
    answer = Prediction.objects.filter(case__fna_sample__batch=batch).select_related("model").first()
    if answer is None or not probabilities:
        return {}
    low = sum(probability < CLEARLY for probability in probabilities)
    high = sum(probability > 1 - CLEARLY for probability in probabilities)
    summary = (
        f"Of {len(probabilities):,} samples with a probability, {low:,} lie below {CLEARLY:.0%} and {high:,} above "
        f"{1 - CLEARLY:.0%}. The dashed line is the decision threshold, {answer.threshold:.0%}."
    )
    return {
        "probabilities": [round(probability, 4) for probability in probabilities],
        "probabilities_summary": summary,
        "threshold": answer.threshold,
        "model": answer.model,
    }


@require_GET
@require_role(Role.CLINICIAN)
def export(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The batch's answers as CSV."""
    batch = selectors.find_batch(user=person(request), public_id=public_id)
    cases = selectors.worklist(person(request)).select_related("answer__model").filter(fna_sample__batch=batch)
    rows = cases.order_by("fna_sample__row_number").iterator(chunk_size=2000)
    return csv_response(
        export_cases(cases=rows, what=str(batch.public_id)), f"lobule-batch-{str(batch.public_id)[:8]}.csv"
    )
