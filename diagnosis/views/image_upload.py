"""Where images are sent from the browser. The page's script speaks to the API; nothing is stored by this view."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.models import Role
from accounts.permissions import require_role
from diagnosis.study_filter import MODALITIES


@require_GET
@require_role(Role.CLINICIAN)
def page(request: HttpRequest) -> HttpResponse:
    """Drag and drop, or choose, files, folders and archives."""
    return render(request, "diagnosis/imaging/upload.html", {"modalities": MODALITIES})
