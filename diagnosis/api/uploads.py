"""Resumable uploads of image files: announce an upload, send its files by the tus protocol, ask what became of them."""

from typing import Any
from uuid import UUID

from django.http import HttpResponseBase
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import generics, status
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Role
from accounts.permissions import person, role_permission
from diagnosis import study_selectors as selectors
from diagnosis.api import uploads_protocol as tus
from diagnosis.api.uploads_authentication import AUTHENTICATION
from diagnosis.api.uploads_serializers import (
    StatedSerializer,
    UploadedFileSerializer,
    UploadSerializer,
    UploadWithFilesSerializer,
)
from diagnosis.models import Upload, UploadedFile
from diagnosis.services import uploads as service
from diagnosis.services.upload_remarks import missing_from_disc

IsClinician = role_permission(Role.CLINICIAN, read="studies:read", write="studies:write")
STUDIES_NAMED = 50


def _header(name: str, about: str, *, required: bool = False) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=about, required=required)


TUS = _header("Tus-Resumable", f"Always {tus.VERSION}.", required=True)
OFFSET = _header(
    "Upload-Offset", "Where in the file the piece belongs: how many bytes are there already.", required=True
)
CHECKSUM = _header("Upload-Checksum", "“sha256” and the piece's digest in base64.")
NO_ANSWER = OpenApiResponse(description="Upload-Offset says how much of the file is here.")


class UploadListView(APIView):
    """Uploads."""

    permission_classes = (IsClinician,)
    parser_classes = (JSONParser,)

    @extend_schema(request=StatedSerializer, responses={201: UploadSerializer}, tags=["uploads"])
    def post(self, request: Request) -> Response:
        """Begin an upload. State the modality when pictures (PNG, JPEG, TIFF) are among its files."""
        stated = StatedSerializer(data=request.data)
        stated.is_valid(raise_exception=True)
        source = Upload.Source.BROWSER if request.auth is None else Upload.Source.API
        upload = service.create_upload(user=person(request), source=source, **stated.validated_data)
        data = UploadSerializer(upload, context={"counts": {}, "studies": [], "missing": []}).data
        where = reverse("api-upload-detail", args=[upload.public_id])
        return Response(data, status=status.HTTP_201_CREATED, headers={"Location": where})


class UploadDetailView(generics.GenericAPIView[UploadedFile]):
    """One upload."""

    permission_classes = (IsClinician,)
    queryset = UploadedFile.objects.none()
    serializer_class = UploadedFileSerializer

    @extend_schema(
        responses={200: UploadWithFilesSerializer},
        tags=["uploads"],
        parameters=[
            OpenApiParameter("status", str, description="Only files of this status.", enum=UploadedFile.Status.values),
            OpenApiParameter("page", int, description="Of the files."),
            OpenApiParameter("page_size", int, description="Files a page, up to 500."),
        ],
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """What became of the upload: counts, studies, and its files page by page under `files`."""
        user = person(request)
        upload = selectors.read_upload(user=user, public_id=public_id)
        files = selectors.files_of(selectors.files_in(upload, user).order_by("pk"))
        if wanted := request.query_params.get("status"):
            files = files.filter(status=wanted)
        page = self.paginate_queryset(files) or []
        context = {
            "counts": selectors.tally(upload, user).by_status,
            "studies": selectors.studies_of(upload, user)[:STUDIES_NAMED],
            "missing": missing_from_disc(upload),
            "files": self.get_paginated_response(UploadedFileSerializer(page, many=True).data).data,
        }
        return Response(UploadWithFilesSerializer(upload, context=context).data)


class _TusView(APIView):
    """What both resources of the protocol share."""

    authentication_classes = AUTHENTICATION
    permission_classes = (IsClinician,)
    throttle_scope = "uploads"

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Every answer names the protocol's version, refusals too."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Tus-Resumable"] = tus.VERSION
        if response.status_code == tus.WrongVersion.status:
            response["Tus-Version"] = tus.VERSION
        return response

    @extend_schema(exclude=True)
    def options(  # type: ignore[override]  # as all of DRF’s handlers
        self, request: Request, *args: Any, **kwargs: Any
    ) -> Response:
        """What of the protocol is spoken here."""
        return tus.capabilities()


class UploadFileListView(_TusView):
    """The files of an upload."""

    @extend_schema(
        operation_id="uploads_files_create",
        parameters=[
            TUS,
            _header("Upload-Length", "The file's size in bytes.", required=True),
            _header("Upload-Metadata", "“filename” and the file's name, UTF-8 in base64."),
            CHECKSUM,
        ],
        request={tus.OCTETS: OpenApiTypes.BINARY},
        responses={201: UploadedFileSerializer},
        tags=["uploads"],
    )
    def post(self, request: Request, public_id: UUID) -> HttpResponseBase:
        """Announce a file (tus creation); its first bytes, or all of them, may come along.

        `Location` says where the rest goes. The body of the answer tells what became of a file that came whole.
        """
        tus.check_version(request)
        size = tus.whole_number(request, "Upload-Length")
        piece = tus.piece_of(request, offset=0) if tus.has_piece(request) else None
        user = person(request)
        upload = selectors.find_upload(user=user, public_id=public_id)
        if piece is not None and piece.length > size:
            raise service.TooLarge("More bytes come than the file was announced with.")
        file = service.begin_file(upload=upload, user=user, name=tus.file_name(request), size=size)
        if piece is None and size == 0:
            piece = service.Piece(offset=0, length=0, body=())
        if piece is not None:
            file = service.append(file=file, user=user, piece=piece)
        where = reverse("api-upload-file-detail", args=[upload.public_id, file.public_id])
        return tus.answer(file, status=201, data=dict(UploadedFileSerializer(file).data), Location=where)


class UploadFileView(_TusView):
    """One file of an upload."""

    @extend_schema(responses={200: UploadedFileSerializer}, tags=["uploads"])
    def get(self, request: Request, public_id: UUID, file_id: UUID) -> Response:
        """What became of the file."""
        return Response(UploadedFileSerializer(self._file(request, public_id, file_id)).data)

    @extend_schema(exclude=True)
    def head(self, request: Request, public_id: UUID, file_id: UUID) -> Response:
        """How much of the file is here."""
        tus.check_version(request)
        file = self._file(request, public_id, file_id)
        if file.code == service.GivenUp.code:
            raise service.GivenUp(file.message)
        return tus.describe(file)

    @extend_schema(
        parameters=[TUS, OFFSET, CHECKSUM],
        request={tus.OCTETS: OpenApiTypes.BINARY},
        responses={204: NO_ANSWER},
        tags=["uploads"],
    )
    def patch(self, request: Request, public_id: UUID, file_id: UUID) -> Response:
        """Send the next piece of the file (tus). With the last piece the file is checked and stored."""
        tus.check_version(request)
        piece = tus.piece_of(request, offset=tus.whole_number(request, "Upload-Offset"))
        file = selectors.find_file(user=person(request), upload=public_id, public_id=file_id)
        return tus.answer(service.append(file=file, user=person(request), piece=piece), status=204)

    @extend_schema(parameters=[TUS], responses={204: OpenApiResponse(description="Forgotten.")}, tags=["uploads"])
    def delete(self, request: Request, public_id: UUID, file_id: UUID) -> Response:
        """Give up a file that has not arrived whole (tus termination)."""
        tus.check_version(request)
        file = selectors.find_file(user=person(request), upload=public_id, public_id=file_id)
        service.give_up(file=file, user=person(request))
        return tus.answer(status=204)

    @extend_schema(exclude=True)
    def post(self, request: Request, public_id: UUID, file_id: UUID) -> Response:
        """PATCH and DELETE for clients that cannot send them, by X-HTTP-Method-Override."""
        overridden = {"PATCH": self.patch, "DELETE": self.delete}
        method = overridden.get(request.headers.get("X-HTTP-Method-Override", "").upper())
        if method is None:
            self.http_method_not_allowed(request)
        assert method is not None
        return method(request, public_id, file_id)

    def _file(self, request: Request, upload: UUID, public_id: UUID) -> UploadedFile:
        return selectors.read_file(user=person(request), upload=upload, public_id=public_id)
