"""The API's way to a published set's files."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Role
from accounts.permissions import person, role_permission
from synthesis.models import PublishedFile
from synthesis.publishing.services import give_link


class LinkSerializer(serializers.Serializer[Any]):
    """Where a file can be fetched, by whoever has the address, and what it must turn out to be."""

    url = serializers.URLField(help_text="Fetch it with GET, without credentials.")
    expires_at = serializers.DateTimeField()
    sha256 = serializers.CharField()
    bytes = serializers.IntegerField()


class SyntheticSetFileView(APIView):
    """A file of a published set."""

    permission_classes = (role_permission(*Role.values, read="synthesis:read"),)
    # No HEAD: it would count a download and give no link.
    http_method_names = ("get", "options")

    @extend_schema(summary="A link to a file of a synthetic set", responses=LinkSerializer)
    def get(self, request: Request, public_id: UUID, name: str) -> Response:
        """A signed address of the file, good for a quarter of an hour. Each counts as a download."""
        user = person(request)
        file = get_object_or_404(PublishedFile.objects.visible_to(user), set__public_id=public_id, name=name)
        link = give_link(user=user, file=file)
        told = {
            "url": link.url or request.build_absolute_uri(reverse("synthetic-object", args=[link.token])),
            "expires_at": link.expires_at,
            "sha256": file.sha256,
            "bytes": file.bytes,
        }
        return Response(LinkSerializer(told).data)
