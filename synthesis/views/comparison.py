"""Several orders side by side."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.permissions import person
from synthesis import curves, selectors
from synthesis.identifiers import identifier
from synthesis.models import TrainingRecord
from synthesis.passport_page import compared
from synthesis.settings_page import settings_compared
from synthesis.views.orders import may_follow

MOST_COMPARED = 5


@require_GET
@may_follow
def order_compare(request: HttpRequest) -> HttpResponse:
    """The curves of the chosen orders over each other, their settings and passports side by side."""
    user = person(request)
    chosen = [found for text in request.GET.getlist("order") if (found := identifier(text))]
    rows = selectors.orders(user).filter(public_id__in=chosen).order_by("ordered_at", "pk")[:MOST_COMPARED]
    orders = selectors.list_sets(rows=rows, filters={"compared": len(chosen)})
    if len(orders) < 2:
        return render(request, "synthesis/orders/compare.html", {"orders": orders, "is_too_few": True})
    records = TrainingRecord.objects.visible_to(user).order_by("step")
    titles = [f"{letter}: {order.title}" for letter, order in zip("ABCDE", orders, strict=False)]
    context = {
        "orders": orders,
        "named": list(zip("ABCDE", orders, strict=False)),
        "left_out": len(set(chosen)) - len(orders),
        "curves": curves.charts_of_several(
            (title, list(records.filter(set=order))) for title, order in zip(titles, orders, strict=True)
        ),
        "settings": settings_compared(orders),
        "parts": compared([order.passport for order in orders]),
    }
    return render(request, "synthesis/orders/compare.html", context)
