"""Studies: sent by scripts, listed, read."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency import HEADER
from accounts.models import Role
from accounts.permissions import person, role_permission
from diagnosis import study_selectors as selectors
from diagnosis.api import studies_intake as intake
from diagnosis.api.studies_idempotency import once
from diagnosis.api.studies_serializers import (
    StoredSerializer,
    StudyDetailSerializer,
    StudyFilesSerializer,
    StudySearchSerializer,
    StudySerializer,
)
from diagnosis.api.uploads_authentication import AUTHENTICATION
from diagnosis.api.uploads_protocol import check_body
from diagnosis.filters import asked_for
from diagnosis.models import Study
from diagnosis.study_filter import StudyFilter


class StudyViewSet(viewsets.GenericViewSet[Study]):
    """Studies of one's institution."""

    authentication_classes = AUTHENTICATION
    permission_classes = (role_permission(Role.CLINICIAN, read="studies:read", write="studies:write"),)
    parser_classes = (MultiPartParser, FormParser, JSONParser)
    serializer_class = StudySerializer
    filterset_class = StudyFilter
    queryset = Study.objects.none()
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Looks at the announced length first: checking a form's CSRF token reads the whole body."""
        if self.action == "create":
            check_body(request)
        super().initial(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Study]:
        return selectors.studies(person(self.request))

    def list(self, request: Request) -> Response:
        """Studies, newest first."""
        filters = asked_for(StudyFilter(request.query_params, queryset=self.queryset))
        return self._page(self.filter_queryset(self.get_queryset()), filters)

    @extend_schema(responses={200: StudyDetailSerializer})
    def retrieve(self, request: Request, public_id: Any) -> Response:
        """One study with its series, their files and each image's reading."""
        study = selectors.read_study(user=person(request), public_id=public_id)
        return Response(StudyDetailSerializer(study).data)

    @extend_schema(request=StudySearchSerializer, responses={200: StudySerializer(many=True)})
    @action(
        detail=False,
        methods=["post"],
        permission_classes=[role_permission(Role.CLINICIAN, read="studies:read", write="studies:read")],
    )
    def search(self, request: Request) -> Response:
        """Studies by the patient's name, number or accession number; filters work as in the list."""
        serializer = StudySearchSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        rows = selectors.of_patient(self.filter_queryset(self.get_queryset()), serializer.validated_data["patient"])
        return self._page(rows, {"by_patient": True})

    @extend_schema(
        parameters=[
            OpenApiParameter(
                HEADER, str, OpenApiParameter.HEADER, description="Repeat the request with it to get the same answer."
            )
        ],
        request={
            intake.MULTIPART: StudyFilesSerializer,
            **dict.fromkeys(intake.RAW, OpenApiTypes.BINARY),
        },
        responses={
            200: OpenApiResponse(StoredSerializer, description="One file, which was here already."),
            201: OpenApiResponse(StoredSerializer, description="One file, stored."),
            202: OpenApiResponse(StoredSerializer, description="One archive, which is being unpacked."),
            207: OpenApiResponse(StoredSerializer, description="Several files; each has its own `http_status`."),
            409: OpenApiResponse(StoredSerializer, description="One file, stored, that contradicts an earlier one."),
            422: OpenApiResponse(
                StoredSerializer, description="One file, refused: a problem document with its result."
            ),
        },
    )
    def create(self, request: Request) -> Response:
        """Send files: several as a form, or one as it is. Each is stored or refused by itself."""
        intake.check_request(request)
        with intake.received(request) as sent:
            return once(request, sent.fingerprint, lambda: intake.store(request, sent))

    def _page(self, rows: QuerySet[Study], filters: dict[str, Any]) -> Response:
        page = selectors.list_studies(rows=self.paginate_queryset(rows) or [], filters=filters)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
