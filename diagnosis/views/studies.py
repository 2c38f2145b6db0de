"""Imaging studies: the list, and one study with its series and what was answered about each image."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import retarget

from accounts.models import Role
from accounts.permissions import person, require_role
from diagnosis import study_selectors as selectors
from diagnosis.filters import asked_for
from diagnosis.models import Instance, Study
from diagnosis.reading_progress import find_study, reading_progress
from diagnosis.study_filter import StudyListFilter
from diagnosis.study_forms import PatientSearchForm
from diagnosis.study_overview import headline, series_of
from jobs import services as jobs

STUDIES_PER_PAGE = 25
SEARCH = "studies_patient"


def _narrowed(request: HttpRequest) -> tuple[StudyListFilter, QuerySet[Study], str]:
    """The filter, the studies it leaves, and the patient searched for, which stands in the session."""
    patient = request.session.get(SEARCH, "")
    rows = selectors.studies(person(request))
    if patient:
        rows = selectors.of_patient(rows, patient)
    study_filter = StudyListFilter(request.GET, queryset=rows)
    return study_filter, study_filter.qs, patient


@require_GET
@require_role(Role.CLINICIAN)
def study_list(request: HttpRequest) -> HttpResponse:
    """The institution's studies, newest arrival first."""
    study_filter, rows, patient = _narrowed(request)
    page = Paginator(rows, STUDIES_PER_PAGE).get_page(request.GET.get("page"))
    filters = asked_for(study_filter)
    page.object_list = selectors.list_studies(
        rows=page.object_list, filters=filters | ({"by_patient": True} if patient else {})
    )
    context = {
        "filter": study_filter,
        "page": page,
        "patient": patient,
        "search_form": PatientSearchForm(initial={"patient": patient}),
        "is_narrowed": bool(filters or patient),
    }
    return render(request, "diagnosis/imaging/study_list.html", context)


@require_POST
@require_role(Role.CLINICIAN)
def search(request: HttpRequest) -> HttpResponse:
    """Keeps the patient searched for in the session, out of URLs and logs."""
    form = PatientSearchForm(request.POST)
    request.session[SEARCH] = form.cleaned_data["patient"] if form.is_valid() else ""
    return redirect("study-list")


@require_GET
@require_role(Role.CLINICIAN)
def detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One study: patient, answer, series with each image's reading, documents, contradictions, earlier studies."""
    study = selectors.read_study(user=person(request), public_id=public_id)
    context = _findings(request, study) | {
        "priors": selectors.priors(study, person(request)),
        "missing": selectors.missing_of(study),
    }
    return render(request, "diagnosis/imaging/study_detail.html", context)


@require_GET
@require_role(Role.CLINICIAN)
def reading(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What the study's page asks for every two seconds while images are being read.

    Until then the answer is how far the reading is, which names no patient and writes no audit event. When the
    reading has ended it is the part of the page with the answers, and that is one view of the patient.
    """
    progress = reading_progress(find_study(user=person(request), public_id=public_id))
    if progress.is_on:
        return render(
            request,
            "diagnosis/imaging/study_reading.html",
            {"progress": progress, "study_id": public_id, "shown_whole": request.GET.get("series", "")},
        )
    study = selectors.read_study(user=person(request), public_id=public_id)
    response = render(request, "diagnosis/imaging/study_findings.html", _findings(request, study))
    return retarget(response, "#findings")


def _findings(request: HttpRequest, study: Study) -> dict[str, Any]:
    """What the part of the page shows that a reading changes."""
    case = getattr(study, "case", None)
    files = [instance for series in study.series.all() for instance in series.instances.all()]
    return {
        "study": study,
        "study_id": study.public_id,
        "case": case,
        "headline": headline(case),
        "image_count": sum(file.kind == Instance.Kind.IMAGE for file in files),
        "held": [file for file in files if file.state == Instance.State.QUARANTINED],
        "conflicts": [file for file in files if file.differs_from_id is not None],
        "progress": reading_progress(study),
        "failed_readings": selectors.failed_readings(study),
        "series": series_of(study, shown_whole=request.GET.get("series", "")),
        "shown_whole": request.GET.get("series", ""),
    }


@require_POST
@require_role(Role.CLINICIAN)
def read_again(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Has the images read whose reading failed."""
    user = person(request)
    study = find_study(user=user, public_id=public_id)
    for job in selectors.failed_readings(study):
        jobs.retry(job=job, user=user)
    return redirect("study-detail", public_id=study.public_id)
