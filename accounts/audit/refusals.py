"""Requests that were refused, each written down once.

Most refusals know themselves (`accounts.permissions`). The others are told by their answer: a service that found the
person not to be entitled (403), an address with an ID that names nothing this person may see (404: it may be another
institution's), and credentials that open nothing (401). The address of a page is written as its route's name; the ID
stands in `detail`, so that a person who tries IDs is seen to.
"""

from collections.abc import Sequence

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.audit.recording import record
from accounts.models import Action, AuditEvent, Outcome, User


def record_refusal(request: HttpRequest, response: HttpResponseBase, noted: Sequence[AuditEvent]) -> None:
    """Appends the event that a refusing answer needs, unless `noted` holds it already.

    Raises:
        AuditUnavailable: the event could not be written.
    """
    if noted:
        return
    match = request.resolver_match
    asked = {name: str(value) for name, value in match.kwargs.items()} if match else {}
    signed_in = isinstance(getattr(request, "user", None), User)
    if response.status_code == 401 and request.headers.get("Authorization"):
        record(Action.SIGN_IN_FAILED, object_type="api-token", outcome=Outcome.FAILURE, purpose="")
    elif response.status_code == 403 or (response.status_code == 404 and signed_in and asked):
        record(
            Action.DENIED,
            object_type="page",
            object_id=match.view_name if match else "",
            outcome=Outcome.FAILURE,
            purpose="",
            detail={"status": response.status_code, "asked_for": asked},
        )
