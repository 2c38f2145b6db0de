"""Pages about people and what they did."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST
from knox.models import AuthToken

from accounts import audit
from accounts.filters import AuditEventFilter
from accounts.models import Action, AuditEvent, Role
from accounts.permissions import person, require_role

EVENTS_PER_PAGE = 50
HOME = {
    Role.CLINICIAN: "worklist",
    Role.RESEARCHER: "model-list",
    Role.AUDITOR: "audit-list",
    Role.ADMIN: "model-list",
}


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Each role begins where its work is."""
    return redirect(HOME[Role(person(request).role)])


@require_GET
@require_role(Role.AUDITOR, Role.ADMIN)
def audit_list(request: HttpRequest) -> HttpResponse:
    """The institution's audit trail, newest first. Looking at it is recorded as well."""
    events = AuditEventFilter(request.GET, queryset=AuditEvent.objects.visible_to(request.user))
    page = Paginator(events.qs, EVENTS_PER_PAGE).get_page(request.GET.get("page"))
    audit.record(Action.SEARCH, object_type="audit-trail", purpose="audit", detail={"shown": len(page)})
    return render(request, "accounts/audit_list.html", {"filter": events, "page": page})


@require_GET
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Who is signed in, and the API tokens they hold."""
    tokens = AuthToken.objects.filter(user=request.user).order_by("-created")
    return render(request, "accounts/profile.html", {"tokens": tokens})


@require_POST
@login_required
def create_token(request: HttpRequest) -> HttpResponse:
    """Makes an API token and shows it this once."""
    stored, token = AuthToken.objects.create(request.user)
    audit.record(Action.SIGN_IN, object_type="api-token", object_id=stored.token_key, purpose="")
    tokens = AuthToken.objects.filter(user=request.user).order_by("-created")
    return render(request, "accounts/profile.html", {"tokens": tokens, "new_token": token})


@require_POST
@login_required
def revoke_token(request: HttpRequest, token_key: str) -> HttpResponse:
    """Ends one of the person's own tokens."""
    deleted, _ = AuthToken.objects.filter(user=request.user, token_key=token_key).delete()
    if deleted:
        audit.record(Action.SIGN_OUT, object_type="api-token", object_id=token_key, purpose="")
        messages.success(request, "The token no longer works.")
    return redirect("account-profile")
