"""How long the session of this browser still lasts, and making it last (ACC-10)."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import person
from accounts.sign_in import expiry, sessions


@require_GET
@login_required
def session_left(request: HttpRequest) -> JsonResponse:
    """Seconds left; asked by the page itself, with the header of a poll, so that asking makes nothing longer."""
    return _answer(request)


@require_POST
@login_required
def session_extend(request: HttpRequest) -> JsonResponse:
    """The person is there: asked for by the button of the warning, and by keys and pointers on a page."""
    session = sessions.current(request)
    assert session is not None  # the middleware lets nobody else through
    expiry.extend(session)
    return _answer(request)


def _answer(request: HttpRequest) -> JsonResponse:
    session = sessions.current(request)
    assert session is not None  # the middleware lets nobody else through
    left = expiry.time_left(session)
    return JsonResponse(
        {"seconds_left": left.seconds, "limit": left.limit, "person": str(person(request).public_id)},
        headers={"Cache-Control": "no-store"},
    )
