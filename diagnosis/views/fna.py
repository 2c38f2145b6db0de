"""FNA samples come in: a file with its preview, or a form."""

from collections.abc import Mapping
from dataclasses import asdict

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts import audit
from accounts.models import Action, Role
from accounts.permissions import person, require_role
from diagnosis.forms import FnaFileForm, FnaSampleForm
from diagnosis.models import FnaBatch
from diagnosis.services.intake import (
    SampleInput,
    UnreadableTable,
    import_fna_file,
    read_fna_file,
    submit_fna_samples,
)
from diagnosis.views.preview import columns_to_name, preview_of, shown_problems
from ml.fna.intake import template_csv
from ml.fna.schema import FEATURE_NAMES, as_json


class HtmxHttpRequest(HttpRequest):
    """A request as django-htmx's middleware hands it on."""

    htmx: HtmxDetails


@require_GET
@require_role(Role.CLINICIAN)
def upload(request: HttpRequest) -> HttpResponse:
    """Where a file is chosen. The browser keeps it; each step sends it again, so that a preview stores nothing."""
    return render(request, "diagnosis/fna_upload.html", {"form": FnaFileForm()})


@require_POST
@require_role(Role.CLINICIAN)
def preview(request: HttpRequest) -> HttpResponse:
    """How each column was understood, the first rows, and what is wrong; nothing is stored."""
    form = FnaFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "diagnosis/fna_preview.html", {"form": form})
    upload = form.cleaned_data["file"]
    try:
        table = read_fna_file(upload.read(), file_name=upload.name, columns=_columns_named(request))
    except UnreadableTable as error:
        return _refused(request, form, error)
    audit.record(Action.VIEW, object_type="fna-preview")
    context = {
        "form": form,
        "preview": preview_of(table),
        "problems": shown_problems([asdict(warning) for warning in table.warnings]),
    }
    return render(request, "diagnosis/fna_preview.html", context)


@require_POST
@require_role(Role.CLINICIAN)
def import_file(request: HtmxHttpRequest) -> HttpResponse:
    """Stores the file's samples, all or none, and goes to the batch."""
    form = FnaFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "diagnosis/fna_preview.html", {"form": form})
    upload = form.cleaned_data["file"]
    try:
        batch = import_fna_file(
            user=person(request), data=upload.read(), file_name=upload.name, columns=_columns_named(request)
        )
    except UnreadableTable as error:
        return _refused(request, form, error)
    messages.success(request, f"{batch.row_count:,} samples are in and being read.")
    response = redirect("batch-detail", public_id=batch.public_id)
    return HttpResponseClientRedirect(response.url) if request.htmx else response


@require_GET
@require_role(Role.CLINICIAN)
def template(request: HttpRequest) -> HttpResponse:
    """An empty table with the right columns and two example rows."""
    return HttpResponse(
        template_csv(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="lobule-fna-template.csv"'},
    )


@require_http_methods(["GET", "POST"])
@require_role(Role.CLINICIAN)
def form(request: HttpRequest) -> HttpResponse:
    """One sample, typed in."""
    sample_form = FnaSampleForm(request.POST or None)
    if request.method == "POST" and sample_form.is_valid():
        sample = SampleInput(
            measurements=sample_form.measurements(),
            reference=sample_form.cleaned_data["reference"],
            known_outcome=sample_form.cleaned_data["known_outcome"],
        )
        batch = submit_fna_samples(user=person(request), samples=[sample], source=FnaBatch.Source.FORM)
        return redirect("case-detail", public_id=batch.samples.get().case.public_id)
    status = 422 if request.method == "POST" else 200
    return render(request, "diagnosis/fna_form.html", {"form": sample_form, "schema": as_json()}, status=status)


def _refused(request: HttpRequest, form: FnaFileForm, error: UnreadableTable) -> HttpResponse:
    """What is wrong with the file and where; its columns too, where naming some of them could mend it."""
    context = {
        "form": form,
        "error": error,
        "problems": shown_problems(error.problems),
        "columns": columns_to_name(error),
    }
    return render(request, "diagnosis/fna_preview.html", context)


def _columns_named(request: HttpRequest) -> Mapping[int, str] | None:
    """Columns that the person named by hand: form fields `column-INDEX` with a feature, `sample_id`, …"""
    allowed = {*FEATURE_NAMES, "sample_id", "diagnosis", "ignored"}
    named = {
        int(name.removeprefix("column-")): str(meaning)
        for name, meaning in request.POST.items()
        if name.startswith("column-") and name.removeprefix("column-").isdecimal() and meaning in allowed
    }
    return named or None
