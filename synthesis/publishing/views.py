"""Fetching a published set's files: a link is given and written down; whoever has it fetches the file."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.signing import BadSignature
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.errors import DomainError
from accounts.permissions import person
from synthesis.models import PublishedFile
from synthesis.publishing.ranges import file_response
from synthesis.publishing.services import file_of, give_link
from synthesis.publishing.store import release_storage


class LinkInvalid(DomainError):
    """A link that was tampered with or has expired."""

    status = 403
    code = "link_invalid"


@require_GET
@login_required
def synthetic_set_file(request: HttpRequest, public_id: UUID, name: str) -> HttpResponseBase:
    """Sends the browser to a signed address of the file, good for a quarter of an hour."""
    user = person(request)
    file = get_object_or_404(PublishedFile.objects.visible_to(user), set__public_id=public_id, name=name)
    link = give_link(user=user, file=file)
    response = HttpResponseRedirect(link.url or reverse("synthetic-object", args=[link.token]))
    response["Cache-Control"] = "private, no-store"
    return response


@require_GET
def synthetic_object(request: HttpRequest, token: str) -> HttpResponseBase:
    """The file that a token opens, for stores in folders: like a bucket's signed address, it needs no sign-in."""
    try:
        file = file_of(token)
        stored = release_storage().open(file.object_name)
    except BadSignature as error:
        raise LinkInvalid(
            "This link has expired, or is not whole. Open the set’s page and ask for the file again: a link lasts a "
            "quarter of an hour."
        ) from error
    except (PublishedFile.DoesNotExist, FileNotFoundError) as error:
        raise Http404 from error
    response = file_response(
        stored,
        file.bytes,
        request.headers.get("Range", ""),
        filename=file.saved_as,
        media_type=file.media_type,
    )
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
