"""API endpoints: send FNA samples, read cases and predictions, look at models."""

from typing import Any

import django_filters
from django.http import Http404
from drf_spectacular.utils import (
    OpenApiParameter,
    PolymorphicProxySerializer,
    extend_schema,
)
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency import HEADER, idempotent
from accounts.models import Role
from accounts.permissions import person, role_permission
from diagnosis import selectors
from diagnosis.api.serializers import (
    AcceptedSerializer,
    CaseSearchSerializer,
    CaseSerializer,
    FnaFileInputSerializer,
    FnaSampleInputSerializer,
    FnaSampleSerializer,
    PredictionSerializer,
)
from diagnosis.filters import CaseFilter, asked_for
from diagnosis.models import Case, FnaBatch, Prediction
from diagnosis.services.intake import import_fna_file, submit_fna_samples

IsClinician = role_permission(Role.CLINICIAN, read="cases:read", write="cases:write")
MaySearch = role_permission(Role.CLINICIAN, read="cases:read", write="cases:read")
MAX_SAMPLES = 10_000
IDEMPOTENCY = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    description="Repeat the request with the same key to get the same answer.",
)


class FnaSampleViewSet(viewsets.GenericViewSet[Case]):
    """FNA samples, exactly as they were given."""

    permission_classes = (IsClinician,)
    parser_classes = (JSONParser, MultiPartParser)
    serializer_class = FnaSampleSerializer
    lookup_field = "public_id"
    lookup_value_converter = "uuid"
    lookup_url_kwarg = "case"

    @extend_schema(
        parameters=[IDEMPOTENCY],
        request={
            "application/json": PolymorphicProxySerializer(
                component_name="FnaSamples",
                serializers=[FnaSampleInputSerializer, FnaSampleInputSerializer(many=True)],
                resource_type_field_name=None,
                many=False,
            ),
            "multipart/form-data": FnaFileInputSerializer,
        },
        responses={202: AcceptedSerializer},
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Send one sample (an object), several (an array of up to 10,000) or a file; all are accepted or none."""
        batch = self._from_file(request) if "file" in request.FILES else self._from_json(request)
        accepted = AcceptedSerializer(batch).data
        return Response(accepted, status=status.HTTP_202_ACCEPTED, headers={"Location": accepted["job_url"]})

    @extend_schema(responses={200: FnaSampleSerializer})
    def retrieve(self, request: Request, case: Any) -> Response:
        """One sample's measurements."""
        found = selectors.read_case(user=person(request), public_id=case)
        if found.kind != Case.Kind.FNA:
            raise Http404
        return Response(FnaSampleSerializer(found).data)

    def _from_file(self, request: Request) -> FnaBatch:
        upload = request.FILES["file"]
        return import_fna_file(user=person(request), data=upload.read(), file_name=upload.name)

    def _from_json(self, request: Request) -> FnaBatch:
        many = isinstance(request.data, list)
        serializer = FnaSampleInputSerializer(data=request.data, many=many, **_limits(many))
        serializer.is_valid(raise_exception=True)
        rows = serializer.validated_data if many else [serializer.validated_data]
        one = FnaSampleInputSerializer()
        return submit_fna_samples(
            user=person(request), samples=[one.to_sample(row) for row in rows], source=FnaBatch.Source.API
        )


def _limits(many: bool) -> dict[str, Any]:
    return {"allow_empty": False, "max_length": MAX_SAMPLES} if many else {}


class _AuditedList(mixins.ListModelMixin, viewsets.GenericViewSet[Any]):
    """A list of patients' data: each page is recorded as one search."""

    filterset_class: type[django_filters.FilterSet]

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page."""
        filters = asked_for(self.filterset_class(request.query_params, queryset=self.get_queryset()))
        return self._page(self.filter_queryset(self.get_queryset()), filters)

    def _page(self, rows: Any, filters: dict[str, Any]) -> Response:
        page = selectors.list_cases(cases=self.paginate_queryset(rows) or [], filters=filters)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class CaseViewSet(_AuditedList):
    """Cases and their answers in short."""

    permission_classes = (IsClinician,)
    queryset = Case.objects.none()
    serializer_class = CaseSerializer
    filterset_class = CaseFilter
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> Any:
        return selectors.worklist(person(self.request))

    def retrieve(self, request: Request, public_id: Any) -> Response:
        """One case."""
        return Response(CaseSerializer(selectors.read_case(user=person(request), public_id=public_id)).data)

    @extend_schema(request=CaseSearchSerializer, responses={200: CaseSerializer(many=True)})
    @action(detail=False, methods=["post"], permission_classes=[MaySearch])
    def search(self, request: Request) -> Response:
        """Cases by sample number."""
        serializer = CaseSearchSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        reference = serializer.validated_data["reference"]
        return self._page(self.get_queryset().filter(reference__icontains=reference), {"by_number": True})


class PredictionFilter(django_filters.FilterSet):
    """By job, case, batch, status or finding."""

    job = django_filters.UUIDFilter(field_name="job__public_id")
    case = django_filters.UUIDFilter(field_name="case__public_id")
    batch = django_filters.UUIDFilter(field_name="case__fna_sample__batch__public_id")

    class Meta:
        model = Prediction
        fields = ("status", "finding")


class PredictionViewSet(_AuditedList):
    """Answers with their evidence."""

    permission_classes = (IsClinician,)
    queryset = Prediction.objects.none()
    serializer_class = PredictionSerializer
    filterset_class = PredictionFilter
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> Any:
        rows = Prediction.objects.visible_to(self.request.user).select_related("case", "job", "model")
        return rows.order_by("case__fna_sample__batch_id", "case__fna_sample__row_number", "-created_at")

    def retrieve(self, request: Request, public_id: Any) -> Response:
        """One answer."""
        prediction = selectors.read_prediction(user=person(request), public_id=public_id)
        return Response(PredictionSerializer(prediction).data)
