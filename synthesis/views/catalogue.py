"""The catalogue of published synthetic sets, for everybody who is signed in."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.files.storage import storages
from django.core.paginator import Paginator
from django.db.models import Prefetch, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from accounts.models import Role
from accounts.permissions import person
from synthesis import selectors
from synthesis.citation import citation_of
from synthesis.distribution import distribution_of
from synthesis.models import PublishedFile, Stage, SyntheticSet
from synthesis.page_filters import CatalogueFilter, asked_for
from synthesis.passport_page import sections_of
from synthesis.views.progress import picture

SETS_PER_PAGE = 24
FILES_SHOWN = 20
THUMBNAILS = Prefetch("files", PublishedFile.objects.filter(kind=PublishedFile.Kind.THUMBNAIL), to_attr="thumbnails")
SINGLES = (PublishedFile.Kind.PICTURE, PublishedFile.Kind.DICOM)


@require_GET
@login_required
def synthetic_set_list(request: HttpRequest) -> HttpResponse:
    """The published sets that this person may use, newest first."""
    user = person(request)
    narrowed = CatalogueFilter(request.GET, queryset=selectors.catalogue(user), request=request)
    page = Paginator(narrowed.qs.prefetch_related(THUMBNAILS), SETS_PER_PAGE).get_page(request.GET.get("page"))
    filters = asked_for(narrowed)
    page.object_list = selectors.list_sets(rows=page.object_list, filters=filters)
    cards = [
        {"set": one, "distribution": distribution_of(one.summary), "thumbnails": thumbnails_of(one)}
        for one in page.object_list
    ]
    context = {
        "filter": narrowed,
        "page": page,
        "cards": cards,
        "is_narrowed": bool(filters),
        "may_order": user.role == Role.RESEARCHER,
    }
    return render(request, "synthesis/catalogue/list.html", context)


@require_GET
@login_required
def synthetic_set_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One published set: what it is, its passport, how to cite it, and its files."""
    user = person(request)
    found = selectors.read_set(user=user, public_id=public_id)
    if found.published_at is None:
        raise Http404
    prefetch_related_objects([found], THUMBNAILS)
    versions = _versions(found, request)
    context: dict[str, Any] = {
        "set": found,
        "order": found,
        "is_withdrawn": found.stage == Stage.WITHDRAWN,
        "passport": found.passport,
        "sections": sections_of(found.passport) if found.passport else [],
        "distribution": distribution_of(found.summary),
        "thumbnails": thumbnails_of(found),
        "citation": citation_of(found, request.build_absolute_uri(request.path)),
        "versions": versions,
        "newer": next((one for one in versions if one.version > found.version and one.stage == Stage.PUBLISHED), None),
        "may_follow": user.role in {Role.RESEARCHER, Role.ADMIN} and user.institution_id == found.institution_id,
        **_files(found, request),
    }
    return render(request, "synthesis/catalogue/detail.html", context)


@require_GET
@login_required
def synthetic_set_thumbnail(request: HttpRequest, public_id: UUID, name: str) -> HttpResponse:
    """A row of a set's pictures of one class."""
    files = PublishedFile.objects.visible_to(request.user).filter(set__public_id=public_id)
    file = get_object_or_404(files, kind=PublishedFile.Kind.THUMBNAIL, name=f"thumbnails/{name}.png")
    try:
        with storages["synthetic"].open(file.object_name) as stored:
            return picture(stored.read())
    except FileNotFoundError as error:
        raise Http404 from error


def _files(found: SyntheticSet, request: HttpRequest) -> dict[str, Any]:
    visible = PublishedFile.objects.visible_to(request.user).filter(set=found)
    visible = visible.exclude(kind=PublishedFile.Kind.THUMBNAIL)
    singles = visible.filter(kind__in=SINGLES)
    return {
        "archive": visible.filter(kind=PublishedFile.Kind.ARCHIVE).first(),
        "files": visible.exclude(kind__in=[*SINGLES, PublishedFile.Kind.ARCHIVE]),
        "singles": singles[:FILES_SHOWN],
        "single_count": singles.count(),
    }


def thumbnails_of(found: SyntheticSet) -> list[str]:
    """The classes that there is a row of pictures of, from the files that THUMBNAILS fetched with the set."""
    there = {file.name.removeprefix("thumbnails/").removesuffix(".png") for file in found.thumbnails}  # type: ignore[attr-defined]
    return [name for name in found.classes if name in there]


def _versions(found: SyntheticSet, request: HttpRequest) -> list[SyntheticSet]:
    """The set's other published versions, newest first."""
    visible = SyntheticSet.objects.visible_to(request.user).filter(published_at__isnull=False)
    before = _chain(found, lambda one: visible.filter(replaced_by=one).first())
    after = _chain(found, lambda one: visible.filter(replaces=one).first())
    return [*reversed(list(after)), *before]


def _chain(one: SyntheticSet, following: Callable[[SyntheticSet], SyntheticSet | None]) -> Iterator[SyntheticSet]:
    while (found := following(one)) is not None:
        yield found
        one = found
