"""`/api/v1/jobs/`: how far work is; cancelling it; starting it again."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Role, User
from accounts.permissions import role_permission
from jobs import services
from jobs.models import Job, JobQuerySet


class JobSerializer(serializers.ModelSerializer[Job]):
    """A job as its requester sees it."""

    id = serializers.UUIDField(source="public_id", read_only=True)

    class Meta:
        model = Job
        fields: ClassVar = [
            "id",
            "kind",
            "subject_id",
            "status",
            "attempt",
            "max_attempts",
            "progress_done",
            "progress_total",
            "progress_note",
            "cancel_requested_at",
            "error_code",
            "error_message",
            "created_at",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields


class JobViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Job]):
    """Jobs of one's institution (clinicians, administrators) or one's own (researchers)."""

    serializer_class = JobSerializer
    permission_classes = (
        role_permission(Role.CLINICIAN, Role.ADMIN, Role.RESEARCHER, read="jobs:read", write="jobs:write"),
    )
    filterset_fields = ("status", "kind", "subject_id")
    lookup_field = "public_id"
    lookup_value_converter = "uuid"
    queryset = Job.objects.none()

    def get_queryset(self) -> JobQuerySet:
        """The jobs that this person may see."""
        return Job.objects.visible_to(self.request.user)

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, public_id: Any = None) -> Response:
        """Cancel a waiting job at once; ask a running one to stop. 409 when it has ended."""
        job = services.cancel(job=self.get_object(), user=_requester(request))
        return Response(self.get_serializer(job).data)

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, public_id: Any = None) -> Response:
        """Start a failed or cancelled job again. 409 for any other."""
        job = services.retry(job=self.get_object(), user=_requester(request))
        return Response(self.get_serializer(job).data)


def _requester(request: Request) -> User:
    assert isinstance(request.user, User)  # the permission class let nobody else through
    return request.user
