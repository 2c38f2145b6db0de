"""API endpoints of the model registry: installed models, two-person activations, upgrade rehearsals."""

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Role
from accounts.permissions import person, role_permission
from diagnosis import rehearsal_selectors
from diagnosis.api.model_serializers import (
    ActivationSerializer,
    DecisionInputSerializer,
    InstalledModelSerializer,
    ProposalInputSerializer,
    RehearsalInputSerializer,
    RehearsalSerializer,
    RehearsedAnswerSerializer,
    WithdrawalInputSerializer,
)
from diagnosis.model_overview import activations
from diagnosis.models import InstalledModel, ModelActivation, Rehearsal, RehearsedAnswer
from diagnosis.services import activation as services
from diagnosis.services.models import model_in_force
from diagnosis.services.rehearsal import start_rehearsal

MayLook = role_permission(*Role.values, read="models:read")
MayChange = role_permission(Role.CLINICIAN, Role.ADMIN, read="models:read", write="models:write")
IsClinician = role_permission(Role.CLINICIAN, read="cases:read")


@extend_schema_view(
    list=extend_schema(summary="Installed models"), retrieve=extend_schema(summary="One model with its card")
)
class InstalledModelViewSet(viewsets.ReadOnlyModelViewSet[InstalledModel]):
    """What this site can score with; no patient's data, so every role may look."""

    permission_classes = (MayLook,)
    queryset = InstalledModel.objects.all()
    serializer_class = InstalledModelSerializer
    lookup_field = "public_id"
    lookup_value_converter = "uuid"
    filterset_fields = ("modality",)

    def get_serializer_context(self) -> dict[str, Any]:
        """Adds the models that answer at the person's institution, each looked up once."""
        context = dict(super().get_serializer_context())
        if self.request and self.request.user.is_authenticated:
            institution = person(self.request).institution
            modalities = InstalledModel.objects.order_by().values_list("modality", flat=True).distinct()
            in_force = (model_in_force(modality, institution) for modality in modalities)
            context["in_force"] = {model.pk for model in in_force if model is not None}
        return context

    @extend_schema(
        summary="Propose that the model answers here",
        request=ProposalInputSerializer,
        responses={201: ActivationSerializer},
    )
    @action(detail=True, methods=["post"], url_path="activations", permission_classes=[MayChange])
    def activations(self, request: Request, public_id: Any = None) -> Response:
        """Nothing changes until the second person approves: a clinician's proposal is an administrator's to decide, and
        the other way round.
        """
        serializer = ProposalInputSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        made = services.propose_activation(user=person(request), model=self.get_object(), **serializer.validated_data)
        return Response(ActivationSerializer(made).data, status=status.HTTP_201_CREATED)


class ActivationFilter(django_filters.FilterSet):
    """By model, modality or decision."""

    model = django_filters.UUIDFilter(field_name="model__public_id")

    class Meta:
        model = ModelActivation
        fields = ("modality", "decision")


@extend_schema_view(
    list=extend_schema(summary="Proposals and decisions"), retrieve=extend_schema(summary="One proposal")
)
class ActivationViewSet(viewsets.ReadOnlyModelViewSet[ModelActivation]):
    """Which model was proposed and decided on at one's institution, newest first."""

    queryset = ModelActivation.objects.none()
    serializer_class = ActivationSerializer
    filterset_class = ActivationFilter
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_permissions(self) -> list[BasePermission]:
        """Every role may look back; clinicians and administrators decide."""
        return [MayLook()] if self.action in {"list", "retrieve"} else [MayChange()]

    def get_queryset(self) -> Any:
        """Those of one's institution."""
        return activations(person(self.request))

    @extend_schema(summary="Approve", request=DecisionInputSerializer, responses=ActivationSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, public_id: Any = None) -> Response:
        """Has the model answer from the next job on; 403 unless one is the second person."""
        return self._settle(services.approve_activation, DecisionInputSerializer)

    @extend_schema(summary="Reject", request=DecisionInputSerializer, responses=ActivationSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, public_id: Any = None) -> Response:
        """Leaves everything as it is; 403 unless one is the second person."""
        return self._settle(services.reject_activation, DecisionInputSerializer)

    @extend_schema(summary="Withdraw", request=WithdrawalInputSerializer, responses=ActivationSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, public_id: Any = None) -> Response:
        """Takes one's own proposal back."""
        return self._settle(services.withdraw_activation, WithdrawalInputSerializer)

    def _settle(self, service: Any, input_serializer: Any) -> Response:
        activation = self.get_object()
        serializer = input_serializer(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        settled = service(user=person(self.request), activation=activation, **serializer.validated_data)
        return Response(self.get_serializer(settled).data)


@extend_schema_view(
    list=extend_schema(summary="Rehearsals"), retrieve=extend_schema(summary="One rehearsal and its counts")
)
class RehearsalViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Rehearsal]):
    """Candidate models run over one's institution's past cases."""

    permission_classes = (MayChange,)
    queryset = Rehearsal.objects.none()
    serializer_class = RehearsalSerializer
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> Any:
        """Those of one's institution."""
        rehearsals = Rehearsal.objects.visible_to(self.request.user)
        return rehearsals.select_related("candidate", "current", "job", "requested_by")

    @extend_schema(summary="Rehearse a model", request=RehearsalInputSerializer, responses={202: RehearsalSerializer})
    def create(self, request: Request) -> Response:
        """Queues a rehearsal; it changes no answer. Watch or cancel it at its `job_url`."""
        serializer = RehearsalInputSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        rehearsal = start_rehearsal(user=person(request), candidate=serializer.validated_data["model"])
        return Response(self.get_serializer(rehearsal).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(summary="Cases whose answer would change", responses=RehearsedAnswerSerializer(many=True))
    @action(detail=True, methods=["get"], permission_classes=[IsClinician], filter_backends=[])
    def flips(self, request: Request, public_id: Any = None) -> Response:
        """For clinicians: patients' cases, malignant and benign exchanged first."""
        rehearsal = self.get_object()
        rows: Any = rehearsal_selectors.flips(rehearsal, person(request))  # not of the view's own model
        page: list[RehearsedAnswer] = self.paginate_queryset(rows) or []
        shown = rehearsal_selectors.list_flips(rehearsal=rehearsal, answers=page)
        return self.get_paginated_response(RehearsedAnswerSerializer(shown, many=True).data)
