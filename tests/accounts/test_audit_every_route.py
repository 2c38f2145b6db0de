"""Every route of the site writes exactly one event when it shows or does something, or says here why it writes none."""

import pytest
from django.db import transaction
from django.http import StreamingHttpResponse
from django.test import Client

from accounts.models import Action, AuditEvent, Outcome
from diagnosis.models import FnaBatch
from tests.webapp.role_addresses import address
from tests.webapp.role_matrix import CAST, MATRIX
from tests.webapp.test_role_matrix import cast

pytestmark = pytest.mark.django_db

__all__ = ["cast"]

# Routes that show nothing of a patient's, a person's or the trail's, and why.
QUIET = {
    "home": "goes on to another page",
    "health-live": "says that the site lives",
    "health-ready": "says that the site works",
    "api-schema": "the API's description",
    "api-docs": "the API's description",
    "fna-upload": "an empty form",
    "fna-template": "an empty table",
    "fna-form": "an empty form",
    "image-upload": "an empty form",
    "model-list": "models hold no patient's data",
    "model-detail": "models hold no patient's data",
    "activation-list": "decisions about models",
    "activation-propose": "models, and a form",
    "activation-detail": "decisions about models",
    "api-model-list": "models hold no patient's data",
    "api-model-detail": "models hold no patient's data",
    "api-activation-list": "decisions about models",
    "api-activation-detail": "decisions about models",
    "api-rehearsal-list": "counts alone",
    "api-rehearsal-detail": "counts alone",
    "intake-settings": "the institution's choice",
    "source-new": "an empty form",
    "order-progress": "asked every two seconds: how far a training is, of a page that has its event",
    "order-grid": "drawn pictures on a page that has its event, asked for while one waits",
    "synthetic-set-thumbnail": "drawn pictures that are published",
    "job-status": "asked every second: how far a job is, which names no patient",
    "api-job-list": "jobs name no patient",
    "api-job-detail": "jobs name no patient",
    "review-rules": "the institution's numbers",
    "audit-export": "a form; the file has its event",
    "account-profile": "one's own account",
    "socialaccount_login_error": "a message",
    "people": "the institution's staff",
    "emergency-access": "a form",
    "restriction-list": "which pseudonyms are restricted, and by whom",
}
# Pages about one's own account, or about the staff: what is changed there has its events, looking has none.
QUIET_BEGINNINGS = ("mfa_", "session-", "token-", "sso-", "single-sign-on", "socialaccount_", "person-", "invitation-")


Written = dict[str, list[str]]


def entitled(route: str) -> str | None:
    """Who may open the route: the owner if she may, else the first of the cast."""
    allowed = [name for name, status in zip(CAST, MATRIX[route], strict=True) if status in {200, 286}]
    return "owner" if "owner" in allowed else next(iter(allowed), None)


def is_quiet(route: str) -> bool:
    return route in QUIET or route.startswith(QUIET_BEGINNINGS)


def written_by(client: Client, route: str, batch: FnaBatch) -> list[AuditEvent]:
    """The events of one GET, which leaves nothing behind for the next."""
    with transaction.atomic():
        url = address(route, batch)
        before = AuditEvent.objects.latest("id").pk
        response = client.get(url)
        if isinstance(response, StreamingHttpResponse):
            b"".join(response)  # type: ignore[arg-type] # nothing here is asynchronous
        written = list(AuditEvent.objects.filter(pk__gt=before))
        transaction.set_rollback(True)
    assert all(event.request_id and event.actor for event in written), route
    return written


def test_aud_01_each_page_writes_one_event_or_says_why_not(cast: dict[str, Client], scored_batch: FnaBatch) -> None:
    unlike: Written = {}
    for route in MATRIX:
        if who := entitled(route):
            events = written_by(cast[who], route, scored_batch)
            good = [event for event in events if event.outcome == Outcome.SUCCESS and event.actor != "anonymous"]
            if len(events) != len(good) or len(good) != (0 if is_quiet(route) else 1):
                unlike[route] = [f"{event.action} {event.object_type} by {event.actor}" for event in events]
    assert unlike == {}


def test_aud_01_each_refused_role_writes_one_denial(cast: dict[str, Client], scored_batch: FnaBatch) -> None:
    unlike: Written = {}
    for route, statuses in MATRIX.items():
        for name, status in zip(CAST, statuses, strict=True):
            if status != 403:
                continue
            events = written_by(cast[name], route, scored_batch)
            told = [(event.action, event.outcome, event.object_id_text) for event in events]
            if told != [(Action.DENIED, Outcome.FAILURE, route)]:
                unlike[f"{route} by {name}"] = [str(one) for one in told]
    assert unlike == {}


def test_aud_01_asking_for_another_institutions_object_writes_one_denial(
    cast: dict[str, Client], scored_batch: FnaBatch
) -> None:
    unlike: Written = {}
    routes = [route for route, statuses in MATRIX.items() if statuses[3] == 404 and statuses[1] != 404]
    for route in routes:
        events = written_by(cast["outsider"], route, scored_batch)
        told = [(event.action, event.object_id_text, event.actor, event.detail.get("status")) for event in events]
        if told != [(Action.DENIED, route, "outsider@example.org", 404)] or not events[0].detail["asked_for"]:
            unlike[route] = [str(one) for one in told]
    assert unlike == {}
    assert len(routes) > 20
