"""Uploads of images: the list, and what became of each file of one."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.models import Role
from accounts.permissions import person, require_role
from diagnosis import study_selectors as selectors
from diagnosis.models import UploadedFile
from diagnosis.services.upload_export import export_upload
from diagnosis.services.upload_remarks import LISTED, missing_from_disc
from diagnosis.views.csv import csv_response

UPLOADS_PER_PAGE = 25
FILES_PER_PAGE = 100
STUDIES_SHOWN = 25
Status = UploadedFile.Status


@require_GET
@require_role(Role.CLINICIAN)
def upload_list(request: HttpRequest) -> HttpResponse:
    """The institution's uploads, newest first."""
    page = Paginator(selectors.uploads(person(request)), UPLOADS_PER_PAGE).get_page(request.GET.get("page"))
    page.object_list = selectors.list_uploads(rows=page.object_list)
    return render(request, "diagnosis/imaging/upload_list.html", {"page": page})


@require_GET
@require_role(Role.CLINICIAN)
def detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What became of each file of an upload."""
    user = person(request)
    upload = selectors.read_upload(user=user, public_id=public_id)
    shown = request.GET.get("show", "")
    files = selectors.files_of(selectors.files_in(upload, user).order_by("pk"))
    if shown in Status.values:
        files = files.filter(status=shown)
    counts = selectors.tally(upload, user)
    context = {
        "upload": upload,
        "page": Paginator(files, FILES_PER_PAGE).get_page(request.GET.get("page")),
        "shown": shown,
        "shown_label": Status(shown).label if shown in Status.values else "",
        "counts": counts,
        "counted": [(status, counts.by_status[status.value]) for status in Status if status.value in counts.by_status],
        "studies": selectors.studies_of(upload, user)[:STUDIES_SHOWN],
        "jobs": selectors.archive_jobs(upload),
        "missing": missing_from_disc(upload),
        "listed_code": LISTED,
    }
    return render(request, "diagnosis/imaging/upload_detail.html", context)


@require_GET
@require_role(Role.CLINICIAN)
def export(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What became of each file, as CSV."""
    user = person(request)
    upload = selectors.find_upload(user=user, public_id=public_id)
    return csv_response(
        export_upload(upload=upload, files=selectors.files_in(upload, user)),
        f"lobule-upload-{str(upload.public_id)[:8]}.csv",
    )
