"""Dangerous acts need a fresh sign-in: an unlocked screen left alone must not be enough for them (ACC-14)."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase

View = Callable[..., HttpResponseBase]


def signed_in_recently(request: HttpRequest) -> bool:
    """Whether this person proved who they are within the last `ACCOUNT_REAUTHENTICATION_TIMEOUT` seconds."""
    records = get_authentication_records(request, request.user if request.user.is_authenticated else None)
    newest = max((record["at"] for record in records), default=0.0)
    return bool(time.time() - newest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


def recent_sign_in_required(view: View) -> Callable[..., HttpResponseBase]:
    """A view for a dangerous act: whoever signed in too long ago proves first who they are, then comes back to it.

    A form that was sent is kept in the session meanwhile and sent again afterwards; its files are not.
    Stands outside `require_role`, or inside it, for pages; an API view asks `signed_in_recently` itself.
    """

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not signed_in_recently(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    return guarded
