"""Where somebody is signed in, and ending it (ACC-13)."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.models import ApiToken, Role, SignedInSession, User
from accounts.permissions import person, require_role
from accounts.sign_in import sessions


@require_GET
@login_required
def session_list(request: HttpRequest) -> HttpResponse:
    """The person's own sessions, this one first."""
    here = sessions.current(request)
    own = sorted(sessions.running().filter(user=person(request)), key=lambda session: session != here)
    return render(request, "accounts/sessions.html", {"sessions": own, "current": here})


@require_POST
@login_required
def end_session(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ends one session: one's own, or that of somebody of the administrator's institution."""
    visible = SignedInSession.objects.visible_to(request.user).select_related("user")
    session = get_object_or_404(visible, public_id=public_id)
    if session == sessions.current(request):
        logout(request)
        return redirect("account_login")
    whose = session.user
    is_own = whose == request.user
    sessions.end([session], reason="ended-by-its-person" if is_own else "ended-by-administrator")
    messages.success(request, "That session has ended.")
    return redirect("session-list") if is_own else redirect("person-sessions", whose.public_id)


@require_POST
@login_required
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Ends all of one's sessions but this one."""
    others = SignedInSession.objects.filter(user=person(request)).select_related("user")
    here = sessions.current(request)
    count = sessions.end([session for session in others if session != here], reason="ended-by-its-person")
    messages.success(request, "You are signed in here alone." if count else "You were signed in nowhere else.")
    return redirect("session-list")


@require_GET
@require_role(Role.ADMIN)
def person_sessions(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Where somebody of the institution is signed in."""
    somebody = _colleague(request, public_id)
    context = {
        "somebody": somebody,
        "sessions": sessions.running().filter(user=somebody),
        "current": sessions.current(request),
        "tokens": ApiToken.objects.filter(user=somebody),
    }
    return render(request, "accounts/sessions_of_person.html", context)


@require_POST
@require_role(Role.ADMIN)
def end_person_sessions(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Signs somebody of the institution out everywhere; their API tokens end too."""
    somebody = _colleague(request, public_id)
    is_oneself = somebody == request.user
    sessions.end_all_of(
        somebody, reason="ended-by-administrator", except_for=sessions.current(request) if is_oneself else None
    )
    messages.success(request, f"{somebody} is signed out everywhere, and their API tokens no longer work.")
    return redirect("person-sessions", public_id)


def _colleague(request: HttpRequest, public_id: UUID) -> User:
    return get_object_or_404(User, public_id=public_id, institution=person(request).institution)
