"""Ordering a set: the list, the form with its estimate, and one order."""

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
from synthesis import selectors
from synthesis.forms.decisions import DecisionForm, WithdrawalForm
from synthesis.forms.orders import OrderForm
from synthesis.identifiers import identifier
from synthesis.models import SourceDataset, Stage, SyntheticSet
from synthesis.order_page import making_of
from synthesis.page_filters import OrderFilter, asked_for
from synthesis.passport_page import sections_of
from synthesis.services.decisions import WITHDRAWABLE, may_decide, may_withdraw
from synthesis.services.estimates import estimate
from synthesis.services.orders import place_order

ORDERS_PER_PAGE = 25
may_follow = require_role(Role.RESEARCHER, Role.ADMIN)
may_order = require_role(Role.RESEARCHER)


@require_GET
@may_follow
def order_list(request: HttpRequest) -> HttpResponse:
    """The institution's orders, newest first."""
    user = person(request)
    narrowed = OrderFilter(request.GET, queryset=selectors.orders(user), request=request)
    page = Paginator(narrowed.qs, ORDERS_PER_PAGE).get_page(request.GET.get("page"))
    filters = asked_for(narrowed)
    page.object_list = selectors.list_sets(rows=page.object_list, filters=filters)
    context = {
        "filter": narrowed,
        "page": page,
        "is_narrowed": bool(filters),
        "may_order": user.role == Role.RESEARCHER,
    }
    return render(request, "synthesis/orders/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@may_order
def order_new(request: HttpRequest) -> HttpResponse:
    """The form for one source, or, where none is named, the sources to choose from."""
    user = person(request)
    released = selectors.sources(user).filter(status=SourceDataset.Status.RELEASED)
    if not request.GET.get("source"):
        shown = selectors.list_sources(rows=released)
        return render(request, "synthesis/orders/choose_source.html", {"sources": shown})
    source = get_object_or_404(released, public_id=identifier(request.GET["source"]))
    if request.method != "POST":
        selectors.read_source(user=user, public_id=source.public_id)
        return _form_page(request, OrderForm(source=source, replaces=_replaced(request)))
    form = OrderForm(request.POST, source=source, replaces=_replaced(request))
    if form.is_valid():
        try:
            order = place_order(user=user, source=source, order=form.order())
        except DomainError as error:
            if error.status != 422:
                raise
            form.add_problems(error)
        else:
            messages.success(request, "The order is placed. A worker takes it up as soon as one is free.")
            return redirect("order-detail", order.public_id)
    return _form_page(request, form, status=422)


@require_POST
@may_order
def order_estimate(request: HttpRequest) -> HttpResponse:
    """What the form's order would take, as it is filled in now: a part of its page."""
    released = selectors.sources(person(request)).filter(status=SourceDataset.Status.RELEASED)
    source = get_object_or_404(released, public_id=identifier(request.GET.get("source", "")))
    form = OrderForm(request.POST, source=source)
    form.fields["title"].required = False
    return render(request, "synthesis/orders/estimate.html", _estimated(form))


@require_GET
@may_follow
def order_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One order: how far it is, its pictures and curves, its passport, and what can be done about it."""
    order = selectors.read_order(user=person(request), public_id=public_id)
    return show_order(request, order)


def show_order(
    request: HttpRequest,
    order: SyntheticSet,
    *,
    decision_form: DecisionForm | None = None,
    withdrawal_form: WithdrawalForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The order's page, with a form that was filled in wrongly where one was."""
    user = person(request)
    waits = order.stage == Stage.AWAITING_APPROVAL
    context: dict[str, Any] = {
        **making_of(order, user),
        # The summary at the top lists the errors of the form that was sent.
        "form": decision_form or withdrawal_form or DecisionForm(),
        "decision_form": decision_form or DecisionForm(),
        "withdrawal_form": withdrawal_form or WithdrawalForm(),
        "passport": order.passport,
        "sections": sections_of(order.passport) if order.passport else [],
        "may_decide": waits and may_decide(user, order),
        "may_withdraw": _can_be_withdrawn(order) and may_withdraw(user, order),
        "source_withdrawn": order.source.status == SourceDataset.Status.WITHDRAWN,
        "may_see_source": user.role == Role.ADMIN or order.source.may_be_ordered_from,
        "may_order_again": user.role == Role.RESEARCHER and order.source.may_be_ordered_from,
        "may_see_gallery": user.role == Role.ADMIN and bool(order.gallery),
    }
    return render(request, "synthesis/orders/detail.html", context, status=status)


def _can_be_withdrawn(order: SyntheticSet) -> bool:
    working = order.publishing_job if order.stage == Stage.PUBLISHING else order.job
    return order.stage in WITHDRAWABLE and (working is None or working.is_final)


def _form_page(request: HttpRequest, form: OrderForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "source": form.source, "replaces": form.replaces, **_estimated(form)}
    return render(request, "synthesis/orders/new.html", context, status=status)


def _estimated(form: OrderForm) -> dict[str, Any]:
    """Time and cost of what is filled in; of what the form begins with before anything is."""
    context: dict[str, Any] = {"kind": form.source.kind, "total": form.total, "estimate": None}
    asked = form if form.is_bound else OrderForm(form.beginning, source=form.source)
    if not asked.is_valid() and set(asked.errors) - {"title"}:
        name, problems = next((name, found) for name, found in asked.errors.items() if name != "title")
        field = f"{asked[name].label}: " if name in asked.fields else ""
        return context | {"estimate_problem": f"{field}{problems[0]}"}
    order = asked.order()
    return context | {
        "total": asked.total,
        "estimate": estimate(
            kind=form.source.kind,
            architecture=order.architecture,
            size=order.size,
            counts=order.counts,
            effort=order.effort,
            epsilon=order.epsilon,
        ),
    }


def _replaced(request: HttpRequest) -> SyntheticSet | None:
    """The set whose newer version is ordered, where the address names one."""
    named = request.GET.get("replaces")
    return get_object_or_404(selectors.orders(person(request)), public_id=identifier(named)) if named else None
