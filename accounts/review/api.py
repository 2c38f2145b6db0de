"""`/api/v1/audit-events/`: the institution's trail for a program of its auditors."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import audit
from accounts.audit.export.as_jsonl import as_json
from accounts.filters import AuditEventFilter
from accounts.models import Action, AuditEvent, Role
from accounts.permissions import role_permission


class AuditEventSerializer(serializers.Serializer[AuditEvent]):
    """One event, by the names that the JSON export has."""

    event = serializers.UUIDField(help_text="The event’s ID.")
    at = serializers.DateTimeField(help_text="When, in UTC.")
    actor = serializers.CharField(help_text="E-mail address, “anonymous” or “system”.")
    actor_id = serializers.CharField()
    role = serializers.CharField()
    institution = serializers.CharField()
    institution_id = serializers.CharField()
    action = serializers.ChoiceField(choices=Action.choices)
    outcome = serializers.CharField()
    object_type = serializers.CharField()
    object_id = serializers.CharField()
    patient_pseudonym = serializers.CharField(help_text="Never a name or a number.")
    purpose = serializers.CharField()
    ip = serializers.IPAddressField(allow_null=True)
    request_id = serializers.CharField(help_text="The request, or “job:” and the job, that caused it.")
    detail = serializers.JSONField()

    def to_representation(self, instance: AuditEvent) -> dict[str, Any]:
        """As exported."""
        return as_json(instance)


class NewestFirst(CursorPagination):
    """Pages that neither skip nor repeat an event while others are appended; no count, which millions would delay."""

    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 1000
    ordering = ("-at", "-id")


@extend_schema_view(list=extend_schema(summary="Events, newest first"), retrieve=extend_schema(summary="One event"))
class AuditEventViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[AuditEvent]):
    """Who did what to whose data at one's institution. Reading it is recorded as well."""

    permission_classes = (role_permission(Role.AUDITOR, Role.ADMIN, read="audit:read"),)
    serializer_class = AuditEventSerializer
    filterset_class = AuditEventFilter
    pagination_class = NewestFirst
    queryset = AuditEvent.objects.none()
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> Any:
        """Those of one's institution."""
        return AuditEvent.objects.visible_to(self.request.user)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page, recorded as one search."""
        response = super().list(request, *args, **kwargs)
        asked = AuditEventFilter(request.query_params, queryset=self.queryset, request=request).asked()
        audit.record(
            Action.SEARCH,
            object_type="audit-trail",
            purpose="audit",
            detail={"filters": asked, "shown": len(response.data["results"])},
        )
        return response

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One event, recorded as one view."""
        event = self.get_object()
        audit.record(Action.VIEW, object_type="audit-event", object_id=event.public_id, purpose="audit")
        return Response(self.get_serializer(event).data)
