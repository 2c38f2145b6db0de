"""The trail as a file, of what the search shows."""

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.audit.export import FORMATS, export_events
from accounts.filters import AuditEventFilter
from accounts.models import AuditEvent
from accounts.review.pages import how_many
from accounts.sign_in.step_up import recent_sign_in_required
from accounts.views.trail import may_read


@require_GET
@may_read
def export(request: HttpRequest) -> HttpResponse:
    """What would be exported, and in which formats."""
    events = _filtered(request)
    context = {"asked": events.asked(), "filter": events, "count": how_many(events.qs), "formats": FORMATS}
    return render(request, "accounts/audit/export.html", context)


@require_GET
@may_read
@recent_sign_in_required
def export_file(request: HttpRequest, file_format: str) -> HttpResponseBase:
    """The file, streamed. Its event stands in the trail before the first byte leaves."""
    if file_format not in FORMATS:
        raise Http404
    events = _filtered(request)
    filters = events.asked()
    count, lines = export_events(events.qs, file_format=file_format, filters=filters)
    chosen = FORMATS[file_format]
    name = f"lobule-audit-{timezone.now():%Y%m%d-%H%M}.{chosen.ending}"
    return StreamingHttpResponse(
        lines,
        content_type=chosen.content_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
            "X-Total-Count": str(count),
        },
    )


def _filtered(request: HttpRequest) -> AuditEventFilter:
    return AuditEventFilter(request.GET, queryset=AuditEvent.objects.visible_to(request.user), request=request)
