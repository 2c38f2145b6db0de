"""Emergency access to restricted records: opening one, ending it, and an auditor's look at it."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import audit
from accounts.models import Action, EmergencyAccess, Role
from accounts.people import emergency
from accounts.people.forms import EmergencyForm, VerdictForm
from accounts.people.restricted_records import page_of
from accounts.permissions import person, require_role
from accounts.sign_in.step_up import recent_sign_in_required

ACCESSES_PER_PAGE = 25
EVENTS_SHOWN = 500


@require_http_methods(["GET", "HEAD", "POST"])
@require_role(Role.CLINICIAN)
@recent_sign_in_required
def emergency_access(request: HttpRequest) -> HttpResponse:
    """Asks for emergency access. The number travels in the form alone, never in an address."""
    user = person(request)
    form = EmergencyForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                opened = emergency.begin_access(user=user, link_to=_review_link(request), **form.cleaned_data)
            except emergency.NoSuchRecord as error:
                form.add_error("number", str(error))
            except emergency.TooManyWrongNumbers as error:
                return _too_many(request, error)
            else:
                messages.success(request, _opened_words(opened))
                return redirect("emergency-access")
    running = [(access, page_of(user, access.patient_pseudonym)) for access in emergency.running_for(user)]
    return render(request, "accounts/emergency/ask.html", {"form": form, "running": running}, status=status)


@require_POST
@require_role(Role.CLINICIAN)
def end(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ends one's own access before its time."""
    access = get_object_or_404(EmergencyAccess, user=person(request), public_id=public_id)
    if emergency.end_access(access=access):
        messages.success(request, "The emergency access has ended.")
    else:
        messages.info(request, "The emergency access was over already.")
    return redirect("home")


@require_GET
@require_role(Role.AUDITOR)
@transaction.atomic
def emergency_list(request: HttpRequest) -> HttpResponse:
    """The institution's emergency accesses, those that wait for a judgement first."""
    rows = EmergencyAccess.objects.visible_to(request.user).select_related("user", "reviewed_by")
    page = Paginator(rows.order_by("reviewed_at", "-started_at"), ACCESSES_PER_PAGE).get_page(request.GET.get("page"))
    audit.record(
        Action.SEARCH, object_type="emergency-access", purpose="audit", detail={"shown": len(page.object_list)}
    )
    return render(request, "accounts/emergency/list.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@require_role(Role.AUDITOR)
@transaction.atomic
def emergency_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One access with what was looked at under it; a POST judges it."""
    rows = EmergencyAccess.objects.visible_to(request.user).select_related("user", "institution", "reviewed_by")
    access = get_object_or_404(rows, public_id=public_id)
    form = VerdictForm(request.POST or None)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            emergency.judge_access(access=access, auditor=person(request), **form.cleaned_data)
            messages.success(request, "Your judgement was kept.")
            return redirect("emergency-list")
        status = 422
    events = emergency.events_under(access)
    audit.record(Action.VIEW, object_type="emergency-access", object_id=access.public_id, purpose="audit")
    context = {"access": access, "events": events[:EVENTS_SHOWN], "event_count": events.count(), "form": form}
    return render(request, "accounts/emergency/detail.html", context, status=status)


def _review_link(request: HttpRequest) -> emergency.LinkTo:
    return lambda access: request.build_absolute_uri(reverse("emergency-detail", args=[access.public_id]))


def _opened_words(opened: list[EmergencyAccess]) -> str:
    which = "One record is" if len(opened) == 1 else f"{len(opened)} records with this number are"
    return f"{which} open to you until {opened[0].ends_at:%H:%M} UTC. An auditor reviews what you look at."


def _too_many(request: HttpRequest, error: emergency.TooManyWrongNumbers) -> HttpResponse:
    response = render(request, "refused.html", {"message": str(error)}, status=error.status)
    response["Retry-After"] = str(error.retry_after)
    return response
