"""Who saw a patient, and what a person did."""

from datetime import date
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from accounts import audit
from accounts.models import Action, AuditEvent, User
from accounts.permissions import person
from accounts.review import patients
from accounts.review.forms import PatientNumberForm
from accounts.review.pages import event_page, how_many
from accounts.review.timelines import by_day, on_day, visitors
from accounts.views.trail import may_read

EVENTS_PER_PAGE = 200


@sensitive_post_parameters()
@require_POST
@may_read
def patient_search(request: HttpRequest) -> HttpResponse:
    """From the hospital's number to the patient's timeline. The number itself is neither shown again nor kept."""
    form = PatientNumberForm(request.POST)
    if not form.is_valid():
        return render(request, "accounts/audit/patient_search.html", {"form": form}, status=422)
    found = patients.find(person(request).institution, form.cleaned_data["number"])
    audit.record(Action.SEARCH, object_type="patient-number", purpose="audit", detail={"found": len(found)})
    if len(found) == 1:
        return redirect("audit-patient", found[0])
    if not found:
        messages.error(request, "No patient or sample here has exactly this number.")
    return render(request, "accounts/audit/patient_search.html", {"form": PatientNumberForm(), "found": found})


@require_GET
@may_read
def patient(request: HttpRequest, pseudonym: str) -> HttpResponse:
    """Who saw this patient: the people, then every event by day. The patient has no name here."""
    known_as = sorted(patients.aliases(person(request).institution, pseudonym))
    rows = AuditEvent.objects.visible_to(request.user).filter(patient_pseudonym__in=known_as)
    if not rows.exists():
        raise Http404
    audit.record(
        Action.VIEW, object_type="audit-timeline", object_id="patient", patient_pseudonym=pseudonym, purpose="audit"
    )
    return render(
        request,
        "accounts/audit/patient.html",
        {"pseudonym": pseudonym, "aliases": known_as, "visitors": visitors(rows)} | _timeline(request, rows),
    )


@require_GET
@may_read
def staff(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What this person did, by day."""
    rows = AuditEvent.objects.visible_to(request.user).filter(actor_id_text=str(public_id))
    newest = rows.order_by("-at", "-id").first()
    if newest is None:
        raise Http404
    audit.record(Action.VIEW, object_type="audit-timeline", object_id=public_id, purpose="audit")
    account = User.objects.filter(public_id=public_id, institution=person(request).institution).first()
    context = {"newest": newest, "account": account} | _timeline(request, rows)
    return render(request, "accounts/audit/person.html", context)


def _timeline(request: HttpRequest, rows: QuerySet[AuditEvent]) -> dict[str, object]:
    day = _day(request.GET.get("day", ""))
    shown = on_day(rows, day) if day else rows
    page = event_page(
        shown, before=request.GET.get("before", ""), after=request.GET.get("after", ""), size=EVENTS_PER_PAGE
    )
    return {"page": page, "days": by_day(page.events), "count": how_many(rows), "day": day}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
