"""What an order's page asks for while a generator learns: figures, and grids of samples."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from django_htmx.http import HTMX_STOP_POLLING

from accounts.permissions import person
from synthesis import selectors
from synthesis.order_page import making_of
from synthesis.views.orders import may_follow


@require_GET
@may_follow
def order_progress(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """How far an order is; asked for every two seconds. Once the work has ended the whole page is loaded again."""
    order = selectors.get_order(user=person(request), public_id=public_id)
    context = making_of(order, person(request))
    if not context["job"].is_final:
        return render(request, "synthesis/orders/progress.html", context)
    response = render(request, "synthesis/orders/progress.html", context, status=HTMX_STOP_POLLING)
    response["HX-Refresh"] = "true"
    return response


@require_GET
@may_follow
def order_grid(request: HttpRequest, public_id: UUID, step: int) -> HttpResponse:
    """The samples that were drawn at one step of the training."""
    return picture(selectors.grid(user=person(request), public_id=public_id, step=step))


def picture(png: bytes) -> HttpResponse:
    """A PNG that only this person's browser may show, on our own pages."""
    response = HttpResponse(png, content_type="image/png")
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
