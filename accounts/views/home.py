"""Where each role begins."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from accounts.models import Role
from accounts.permissions import person

HOME = {
    Role.CLINICIAN: "worklist",
    Role.RESEARCHER: "synthetic-set-list",
    Role.AUDITOR: "audit-list",
    Role.ADMIN: "model-list",
}


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Each role begins where its work is."""
    return redirect(HOME[Role(person(request).role)])
