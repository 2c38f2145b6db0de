"""How long the trail is kept, what must stay longer, and what was purged."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts import audit
from accounts.audit.protection import RETENTION_YEARS
from accounts.audit.retention import latest_cutoff, lift_hold
from accounts.models import Action, AuditPurge, LegalHold
from accounts.permissions import person
from accounts.review.forms import LegalHoldForm, LiftForm
from accounts.review.holds import hold_in_full, person_named
from accounts.sign_in.step_up import recent_sign_in_required
from accounts.views.trail import may_read

MOST_SHOWN = 100


@require_GET
@may_read
def retention(request: HttpRequest) -> HttpResponse:
    """Legal holds, in force and lifted, and the purges of the whole site."""
    audit.record(Action.SEARCH, object_type="legal-hold", purpose="audit")
    return _show(request, LegalHoldForm())


@require_POST
@may_read
@recent_sign_in_required
def place(request: HttpRequest) -> HttpResponse:
    """Keeps a part of the trail until further notice."""
    form = LegalHoldForm(request.POST)
    if not form.is_valid():
        return _show(request, form, status=422)
    user = person(request)
    who = person_named(user.institution, form.cleaned_data["person"])
    if who is None:
        form.add_error("person", "Nobody at this institution has this e-mail address.")
        return _show(request, form, status=422)
    placed = hold_in_full(
        user=user,
        reason=form.cleaned_data["reason"],
        patient=form.cleaned_data["patient"],
        person_id_text=who,
        since=form.cleaned_data["since"],
        until=form.cleaned_data["until"],
    )
    messages.success(request, "The hold is in force." if len(placed) == 1 else f"{len(placed)} holds are in force.")
    return redirect("audit-retention")


@require_POST
@may_read
@recent_sign_in_required
def lift(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ends a hold; it stays on the page with who lifted it and why."""
    hold = get_object_or_404(LegalHold.objects.visible_to(request.user), public_id=public_id)
    form = LiftForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say why the hold is lifted.")
        return redirect("audit-retention")
    lift_hold(user=person(request), hold=hold, reason=form.cleaned_data["reason"])
    messages.success(request, "The hold is lifted.")
    return redirect("audit-retention")


def _show(request: HttpRequest, form: LegalHoldForm, status: int = 200) -> HttpResponse:
    holds = LegalHold.objects.visible_to(request.user)
    context = {
        "form": form,
        "lift_form": LiftForm(),
        "in_force": holds.in_force(),
        "lifted": holds.filter(lifted_at__isnull=False)[:MOST_SHOWN],
        "purges": AuditPurge.objects.order_by("-id")[:MOST_SHOWN],
        "years": RETENTION_YEARS,
        "cutoff": latest_cutoff(),
    }
    return render(request, "accounts/audit/retention.html", context, status=status)
