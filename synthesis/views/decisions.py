"""Deciding on a finished set, and taking one back."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Role
from accounts.permissions import person, require_role
from accounts.sign_in.step_up import recent_sign_in_required
from synthesis import selectors
from synthesis.forms.decisions import DecisionForm, WithdrawalForm
from synthesis.services import decisions
from synthesis.views.orders import may_follow, show_order
from synthesis.views.progress import picture

may_decide = require_role(Role.ADMIN)


@require_POST
@may_decide
@recent_sign_in_required
def order_approve(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Has a set published for the audience chosen."""
    order = selectors.get_order(user=person(request), public_id=public_id)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return show_order(request, order, decision_form=form, status=422)
    decisions.approve(user=person(request), synthetic_set=order, **form.cleaned_data)
    messages.success(request, "The set is approved. Its files are packed and published next.")
    return redirect("order-detail", order.public_id)


@require_POST
@may_decide
@recent_sign_in_required
def order_reject(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Turns a set down."""
    order = selectors.get_order(user=person(request), public_id=public_id)
    form = DecisionForm(request.POST, needs_audience=False)
    if not form.is_valid():
        return show_order(request, order, decision_form=form, status=422)
    decisions.reject(user=person(request), synthetic_set=order, note=form.cleaned_data["note"])
    messages.success(request, "The set is rejected. It will not be published.")
    return redirect("order-detail", order.public_id)


@require_POST
@may_follow
@recent_sign_in_required
def order_withdraw(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Takes a set back, published or not."""
    order = selectors.get_order(user=person(request), public_id=public_id)
    form = WithdrawalForm(request.POST)
    if not form.is_valid():
        return show_order(request, order, withdrawal_form=form, status=422)
    decisions.withdraw_set(user=person(request), synthetic_set=order, reason=form.cleaned_data["reason"])
    messages.success(request, "The set is withdrawn.")
    return redirect("order-detail", order.public_id)


@require_GET
@may_decide
def order_gallery(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The drawn pictures that come closest to a patient's, each beside it. Every look is in the audit trail."""
    order = selectors.read_gallery(user=person(request), public_id=public_id)
    return render(request, "synthesis/orders/gallery.html", {"order": order, "pairs": list(enumerate(order.gallery))})


@require_GET
@may_decide
def gallery_picture(request: HttpRequest, public_id: UUID, rank: int, side: str) -> HttpResponse:
    """One picture of the gallery: `side` is real or synthetic."""
    if side not in {"real", "synthetic"}:
        raise Http404
    user = person(request)
    return picture(selectors.gallery_picture(user=user, public_id=public_id, rank=rank, real=side == "real"))
