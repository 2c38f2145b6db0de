"""The audit trail's pages: events that fit a search, and one event."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from accounts import audit
from accounts.filters import AuditEventFilter
from accounts.models import Action, AuditEvent, Role, UnusualAccess
from accounts.permissions import person, require_role
from accounts.review.pages import event_page, how_many
from accounts.review.seals import seal_of
from accounts.review.words import detail_rows

may_read = require_role(Role.AUDITOR, Role.ADMIN)
MOST_OF_A_REQUEST = 200
SHOWN_FIRST = ("actor", "action", "patient", "since", "until")


@require_GET
@may_read
def audit_list(request: HttpRequest) -> HttpResponse:
    """The institution's audit trail, newest first. Looking at it is recorded as well."""
    events = AuditEventFilter(request.GET, queryset=AuditEvent.objects.visible_to(request.user), request=request)
    asked = events.asked()
    page = event_page(events.qs, before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    count = how_many(events.qs)
    audit.record(
        Action.SEARCH, object_type="audit-trail", purpose="audit", detail={"filters": asked, "shown": len(page.events)}
    )
    fields = list(events.form)
    context = {
        "filter": events,
        "first_fields": [bound for bound in fields if bound.name in SHOWN_FIRST],
        "other_fields": [bound for bound in fields if bound.name not in {*SHOWN_FIRST, "finding"}],
        "others_used": any(name not in SHOWN_FIRST for name in asked),
        "asked": asked,
        "finding": _finding(request, asked),
        "page": page,
        "count": count,
    }
    return render(request, "accounts/audit/events.html", context)


@require_GET
@may_read
def audit_event(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One event in words, its seal, and what else the same request did."""
    events = AuditEvent.objects.visible_to(request.user)
    event = get_object_or_404(events, public_id=public_id)
    audit.record(Action.VIEW, object_type="audit-event", object_id=event.public_id, purpose="audit")
    same = events.filter(request_id=event.request_id) if event.request_id else events.none()
    context = {
        "event": event,
        "details": list(detail_rows(event.detail)),
        "sealed": seal_of(event),
        "before": same.filter(id__lt=event.pk).order_by("-id").first(),
        "after": same.filter(id__gt=event.pk).order_by("id").first(),
        "same_request": list(same.order_by("id")[:MOST_OF_A_REQUEST]) if same else [],
    }
    return render(request, "accounts/audit/event.html", context)


def _finding(request: HttpRequest, asked: dict[str, Any]) -> UnusualAccess | None:
    if "finding" not in asked:
        return None
    return UnusualAccess.objects.visible_to(person(request)).filter(public_id=asked["finding"]).first()
