"""The worklist and one case."""

from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Role
from accounts.permissions import person, require_role
from diagnosis import selectors
from diagnosis.evidence import evidence_of
from diagnosis.filters import CaseFilter, asked_for
from diagnosis.forms import ReferenceSearchForm
from diagnosis.models import Case
from diagnosis.services.export import export_cases
from diagnosis.views.csv import csv_response

CASES_PER_PAGE = 25
SEARCH = "worklist_reference"


def _narrowed(request: HttpRequest) -> tuple[CaseFilter, QuerySet[Case], str]:
    """The filter, the cases it leaves, and the sample number searched for, which stands in the session."""
    reference = request.session.get(SEARCH, "")
    cases = selectors.worklist(person(request))
    if reference:
        cases = cases.filter(reference__icontains=reference)
    case_filter = CaseFilter(request.GET, queryset=cases)
    return case_filter, case_filter.qs, reference


@require_GET
@require_role(Role.CLINICIAN)
def worklist(request: HttpRequest) -> HttpResponse:
    """The institution's cases."""
    case_filter, cases, reference = _narrowed(request)
    page = Paginator(cases, CASES_PER_PAGE).get_page(request.GET.get("page"))
    filters = asked_for(case_filter)
    page.object_list = selectors.list_cases(
        cases=page.object_list, filters=filters | ({"by_number": True} if reference else {})
    )
    context = {
        "filter": case_filter,
        "page": page,
        "reference": reference,
        "search_form": ReferenceSearchForm(initial={"reference": reference}),
        "is_narrowed": bool(filters or reference),
    }
    return render(request, "diagnosis/worklist.html", context)


@require_POST
@require_role(Role.CLINICIAN)
def search(request: HttpRequest) -> HttpResponse:
    """Keeps the sample number searched for in the session, out of URLs and logs."""
    form = ReferenceSearchForm(request.POST)
    request.session[SEARCH] = form.cleaned_data["reference"] if form.is_valid() else ""
    return redirect("worklist")


@require_GET
@require_role(Role.CLINICIAN)
def export(request: HttpRequest) -> HttpResponse:
    """The cases the worklist shows, all pages of them, as CSV."""
    _, cases, _ = _narrowed(request)
    rows = cases.select_related("answer__model").iterator(chunk_size=2000)
    return csv_response(export_cases(cases=rows, what="worklist"), "lobule-worklist.csv")


@require_GET
@require_role(Role.CLINICIAN)
def detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One sample: the answer, what it means, what speaks for it, what replays it. A study has a page of its own."""
    study = selectors.study_of_case(user=person(request), public_id=public_id)
    if study is not None:
        return redirect("study-detail", study.public_id)
    case = selectors.read_case(user=person(request), public_id=public_id)
    return render(
        request,
        "diagnosis/case_detail.html",
        {"case": case, "sample": case.fna_sample, "answer": case.answer, "evidence": evidence_of(case)},
    )
