"""A person's own account."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.models import ApiToken
from accounts.permissions import person
from accounts.sign_in import sessions


@require_GET
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Who is signed in, how and where, and the API tokens they hold."""
    context = {
        "sessions": sessions.running().filter(user=person(request)),
        "current": sessions.current(request),
        "tokens": ApiToken.objects.filter(user=person(request)),
    }
    return render(request, "accounts/profile.html", context)
