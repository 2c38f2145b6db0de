"""Sources: added, released and withdrawn by administrators, ordered from by researchers."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.errors import DomainError
from accounts.models import Role
from accounts.permissions import person, require_role
from accounts.sign_in.step_up import recent_sign_in_required
from synthesis import selectors
from synthesis.forms.sources import SourceForm, SourceWithdrawalForm
from synthesis.models import SourceDataset, SyntheticSet
from synthesis.services import sources as services

SOURCES_PER_PAGE = 25
SETS_SHOWN = 50
may_see = require_role(Role.RESEARCHER, Role.ADMIN)
may_manage = require_role(Role.ADMIN)


@require_GET
@may_see
def source_list(request: HttpRequest) -> HttpResponse:
    """All sources for administrators, the released ones for researchers."""
    user = person(request)
    page = Paginator(selectors.sources(user), SOURCES_PER_PAGE).get_page(request.GET.get("page"))
    page.object_list = selectors.list_sources(rows=page.object_list)
    return render(request, "synthesis/sources/list.html", {"page": page, **_roles(request)})


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def source_new(request: HttpRequest) -> HttpResponse:
    """Adds a source; only what can be used of the file is kept, and nobody can order from it yet."""
    form = SourceForm(request.POST, request.FILES) if request.method == "POST" else SourceForm()
    problems: list[dict[str, Any]] = []
    if form.is_valid():
        try:
            source = services.add_source(user=person(request), about=form.about(), file=form.cleaned_data["file"])
        except DomainError as error:
            if error.status >= 500:
                raise
            form.add_problems(error)
            problems = [problem for problem in error.problems if "field" not in problem]
        else:
            messages.success(request, "The file was read. Look at what was found, then release the source.")
            return redirect("source-detail", source.public_id)
    context = {"form": form, "problems": problems_in_words(problems)}
    return render(request, "synthesis/sources/new.html", context, status=422 if form.errors else 200)


@require_GET
@may_see
def source_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What a source holds, on what consent it rests, and what was made from it."""
    source = selectors.read_source(user=person(request), public_id=public_id)
    return _show(request, source, SourceWithdrawalForm())


@require_POST
@may_manage
@recent_sign_in_required
def source_release(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Lets researchers order from it."""
    source = _source(request, public_id)
    services.release_source(user=person(request), source=source)
    messages.success(request, "The source is released: researchers can order from it.")
    return redirect("source-detail", source.public_id)


@require_POST
@may_manage
@recent_sign_in_required
def source_withdraw(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ends its use for good, and says which sets were made from it."""
    source = _source(request, public_id)
    form = SourceWithdrawalForm(request.POST)
    if not form.is_valid():
        return _show(request, source, form, status=422)
    affected = services.withdraw_source(user=person(request), source=source, reason=form.cleaned_data["reason"])
    messages.success(request, f"The source is withdrawn. {_affected_in_words(affected)}")
    return redirect("source-detail", source.public_id)


def problems_in_words(problems: list[dict[str, Any]]) -> list[str]:
    """Remarks about records as sentences: which, then what. The first may name a patient: for administrators alone."""
    return [": ".join(filter(None, [str(problem["file"]), str(problem["message"])])) for problem in problems]


def _affected_in_words(affected: list[SyntheticSet]) -> str:
    if not affected:
        return "Nothing that is still in use was made from it."
    if len(affected) == 1:
        return "One set that was made from it is listed below: decide whether to withdraw it as well."
    return f"{len(affected)} sets that were made from it are listed below: decide whether to withdraw them as well."


def _source(request: HttpRequest, public_id: UUID) -> SourceDataset:
    return get_object_or_404(selectors.sources(person(request)), public_id=public_id)


def _show(request: HttpRequest, source: SourceDataset, form: SourceWithdrawalForm, status: int = 200) -> HttpResponse:
    user = person(request)
    roles = _roles(request)
    made = selectors.orders(user).filter(source=source)[:SETS_SHOWN]
    context = {
        "source": source,
        "form": form,
        # A file's name may name a patient, so researchers are told nothing of what was left out.
        "problems": problems_in_words(source.problems) if roles["is_admin"] else [],
        "made": list(made),
        "may_release": roles["is_admin"] and source.status == SourceDataset.Status.DRAFT,
        "may_withdraw": roles["is_admin"] and source.status != SourceDataset.Status.WITHDRAWN,
        **roles,
        "may_order": roles["may_order"] and source.may_be_ordered_from,
    }
    return render(request, "synthesis/sources/detail.html", context, status=status)


def _roles(request: HttpRequest) -> dict[str, bool]:
    role = person(request).role
    return {"is_admin": role == Role.ADMIN, "may_order": role == Role.RESEARCHER}
