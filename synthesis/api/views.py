"""API endpoints: sources to order from; synthetic sets to list, read and order."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status, viewsets
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency import HEADER, idempotent
from accounts.models import Role
from accounts.permissions import person, role_permission
from synthesis import selectors
from synthesis.api.serializers import (
    OrderSerializer,
    SourceSerializer,
    SyntheticSetDetailSerializer,
    SyntheticSetSerializer,
)
from synthesis.filters import SyntheticSetFilter
from synthesis.models import SourceDataset, SyntheticSet
from synthesis.page_filters import asked_for
from synthesis.services.orders import place_order

MayRead = role_permission(*Role.values, read="synthesis:read")
MayOrder = role_permission(Role.RESEARCHER, read="synthesis:read", write="synthesis:write")
SeesSources = role_permission(Role.RESEARCHER, Role.ADMIN, read="synthesis:read")


class SourceViewSet(viewsets.GenericViewSet[SourceDataset]):
    """Real records, released for synthesis or (for administrators) not yet."""

    permission_classes = (SeesSources,)
    queryset = SourceDataset.objects.none()
    serializer_class = SourceSerializer
    lookup_field = "public_id"
    lookup_value_converter = "uuid"
    filterset_fields = ("kind", "status")

    def get_queryset(self) -> Any:
        """Those of one's institution that one may see."""
        return selectors.sources(person(self.request))

    @extend_schema(summary="Sources", responses=SourceSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Sources, newest first."""
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        page = selectors.list_sources(rows=rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(summary="One source", responses=SourceSerializer)
    def retrieve(self, request: Request, public_id: Any) -> Response:
        """One source."""
        found = selectors.read_source(user=person(request), public_id=public_id)
        return Response(self.get_serializer(found).data)


class SyntheticSetViewSet(viewsets.GenericViewSet[SyntheticSet]):
    """Sets that were ordered at one's institution, or published for oneself."""

    queryset = SyntheticSet.objects.none()
    serializer_class = SyntheticSetSerializer
    lookup_field = "public_id"
    lookup_value_converter = "uuid"
    filterset_class = SyntheticSetFilter

    def get_permissions(self) -> list[BasePermission]:
        """Every role may read what is published for it; researchers order. Decisions take a browser."""
        return [MayOrder()] if self.action == "create" else [MayRead()]

    def get_queryset(self) -> Any:
        """Those that one may see."""
        return selectors.synthetic_sets(person(self.request))

    @extend_schema(summary="Synthetic sets", responses=SyntheticSetSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Synthetic sets, newest first."""
        filters = asked_for(SyntheticSetFilter(request.query_params, queryset=self.queryset))
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        page = selectors.list_sets(rows=rows, filters=filters)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(summary="One synthetic set", responses=SyntheticSetDetailSerializer)
    def retrieve(self, request: Request, public_id: Any) -> Response:
        """One set with its passport and files. How far its making is, says its job."""
        return Response(self._detail(selectors.read_set(user=person(request), public_id=public_id)))

    @extend_schema(
        summary="Order a synthetic set",
        parameters=[
            OpenApiParameter(
                HEADER,
                str,
                OpenApiParameter.HEADER,
                description="Repeat the request with the same key to get the same answer.",
            )
        ],
        request=OrderSerializer,
        responses={202: SyntheticSetDetailSerializer},
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Order a set. A worker makes it; an administrator who did not order it decides on its release."""
        serializer = OrderSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        user = person(request)
        source, order = serializer.to_order(user)
        made = place_order(user=user, source=source, order=order)
        answer = self._detail(selectors.synthetic_sets(user).get(pk=made.pk))
        return Response(answer, status=status.HTTP_202_ACCEPTED, headers={"Location": answer["job"]})

    def _detail(self, found: SyntheticSet) -> Any:
        return SyntheticSetDetailSerializer(found, context=self.get_serializer_context()).data
