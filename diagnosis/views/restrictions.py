"""Restricting records from their pages, and an administrator's list of what is restricted."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.errors import DomainError
from accounts.models import Role, User
from accounts.permissions import person, require_role
from accounts.sign_in.step_up import recent_sign_in_required
from diagnosis import selectors, study_selectors
from diagnosis.models import Case, Patient, Restriction
from diagnosis.restriction_forms import RestrictionForm
from diagnosis.services import restriction as service

RESTRICTIONS_PER_PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
@require_role(Role.CLINICIAN)
def restrict_case(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Restricts an FNA case; a study is restricted by its patient."""
    case = selectors.read_case(user=person(request), public_id=public_id)
    if case.kind != Case.Kind.FNA:
        raise Http404
    return _restrict(request, case, back=("case-detail", public_id), title=case.reference or str(case))


@require_http_methods(["GET", "HEAD", "POST"])
@require_role(Role.CLINICIAN)
def restrict_study(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Restricts the patient of a study, with all studies there are and will be."""
    patient = study_selectors.read_study(user=person(request), public_id=public_id).patient
    title = patient.display_name or patient.patient_id or "No name given"
    return _restrict(request, patient, back=("study-detail", public_id), title=title)


@require_GET
@require_role(Role.ADMIN)
def restriction_list(request: HttpRequest) -> HttpResponse:
    """Which records are restricted, by their pseudonyms: an administrator sees none of them."""
    rows = Restriction.objects.visible_to(request.user).in_force()
    rows = rows.select_related("restricted_by").prefetch_related("seen_by")
    page = Paginator(rows, RESTRICTIONS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "diagnosis/restrictions/list.html", {"page": page})


@require_POST
@require_role(Role.CLINICIAN, Role.ADMIN)
@recent_sign_in_required
def lift(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Shows a record to all clinicians of the institution again."""
    user = person(request)
    restriction = get_object_or_404(Restriction.objects.liftable_by(user), public_id=public_id)
    service.lift_restriction(restriction=restriction, user=user)
    messages.success(request, "The restriction was lifted: all clinicians here see the record again.")
    if user.role == Role.ADMIN:
        return redirect("restriction-list")
    return _to_record(restriction, user)


def _restrict(request: HttpRequest, record: Case | Patient, *, back: tuple[str, UUID], title: str) -> HttpResponse:
    user = person(request)
    form = RestrictionForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                service.restrict(user=user, record=record, **form.cleaned_data)
            except DomainError as error:
                if error.status != 422:
                    raise
                form.add_error("note", str(error))
            else:
                messages.success(request, "The record is restricted.")
                return redirect(*back)
    few = User.objects.filter(pk__in=service.senders_of(record) | {user.pk}).order_by("full_name")
    context = {"form": form, "few": few, "title": title, "back": back, "is_patient": isinstance(record, Patient)}
    return render(request, "diagnosis/restrictions/restrict.html", context, status=status)


def _to_record(restriction: Restriction, user: User) -> HttpResponse:
    if restriction.case is not None:
        return redirect("case-detail", restriction.case.public_id)
    study = study_selectors.studies(user).filter(patient=restriction.patient).order_by("-date", "-pk").first()
    return redirect("study-detail", study.public_id) if study else redirect("study-list")
