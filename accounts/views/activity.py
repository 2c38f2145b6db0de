"""The trail in charts."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts import audit
from accounts.models import Action, AuditEvent
from accounts.permissions import person
from accounts.review.activity import HOURS, activity_of
from accounts.review.findings import rules_of
from accounts.views.trail import may_read

PERIODS = (7, 30, 90)


@require_GET
@may_read
def activity(request: HttpRequest) -> HttpResponse:
    """Activity by day, hour, action and person."""
    asked = request.GET.get("days", "")
    length = int(asked) if asked in {str(period) for period in PERIODS} else PERIODS[1]
    zone = rules_of(person(request).institution).zone
    until = timezone.localdate(timezone=zone)
    since = until - timedelta(days=length - 1)
    figures = activity_of(AuditEvent.objects.visible_to(request.user), since=since, until=until, zone=zone)
    audit.record(Action.VIEW, object_type="audit-activity", purpose="audit", detail={"days": length})
    busiest = max(figures.days, key=lambda day: day[1])
    context = {
        "activity": figures,
        "since": since,
        "until": until,
        "length": length,
        "periods": PERIODS,
        "zone": zone.key,
        "hours": HOURS,
        "busiest": busiest,
        "chart": {
            "days": [day.isoformat() for day, _, _ in figures.days],
            "events": [count for _, count, _ in figures.days],
            "refused": [count for _, _, count in figures.days],
        },
    }
    return render(request, "accounts/audit/activity.html", context)
