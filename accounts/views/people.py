"""The people of an institution: the list, one person, and what an administrator changes."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.errors import DomainError
from accounts.models import Role, User
from accounts.people import changes
from accounts.people.directory import people_of
from accounts.people.forms import PeopleFilter, RoleForm
from accounts.permissions import person, require_role
from accounts.sign_in.step_up import recent_sign_in_required

PEOPLE_PER_PAGE = 25


@require_GET
@require_role(Role.ADMIN)
def people(request: HttpRequest) -> HttpResponse:
    """Everybody who has an account at the institution."""
    narrowed = PeopleFilter(request.GET, queryset=people_of(person(request)))
    page = Paginator(narrowed.qs, PEOPLE_PER_PAGE).get_page(request.GET.get("page"))
    is_narrowed = any(value for name, value in request.GET.items() if name != "page")
    return render(request, "accounts/people/list.html", {"filter": narrowed, "page": page, "is_narrowed": is_narrowed})


@require_GET
@require_role(Role.ADMIN)
def detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One person, and what can be changed about them."""
    somebody = _somebody(request, public_id)
    context = {
        "somebody": somebody,
        "is_oneself": somebody.pk == person(request).pk,
        "form": RoleForm(initial={"role": somebody.role}),
    }
    return render(request, "accounts/people/detail.html", context)


@require_POST
@require_role(Role.ADMIN)
@recent_sign_in_required
def role(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Gives the person another role."""
    somebody = _somebody(request, public_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the roles offered.")
        return redirect("person-detail", public_id)
    chosen = form.cleaned_data["role"]
    done = f"{somebody.full_name} is now {Role(chosen).label.lower()} and was signed out everywhere."
    return _changed(
        request, public_id, lambda: changes.change_role(admin=person(request), person=somebody, role=chosen), done
    )


@require_POST
@require_role(Role.ADMIN)
@recent_sign_in_required
def deactivate(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Keeps the person from signing in."""
    somebody = _somebody(request, public_id)
    done = f"{somebody.full_name} can no longer sign in; their sessions and API tokens have ended."
    return _changed(request, public_id, lambda: changes.deactivate(admin=person(request), person=somebody), done)


@require_POST
@require_role(Role.ADMIN)
@recent_sign_in_required
def reactivate(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Lets the person sign in again."""
    somebody = _somebody(request, public_id)
    done = f"{somebody.full_name} can sign in again."
    return _changed(request, public_id, lambda: changes.reactivate(admin=person(request), person=somebody), done)


@require_POST
@require_role(Role.ADMIN)
@recent_sign_in_required
def reset_second_factor(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Forgets the person's second factor."""
    somebody = _somebody(request, public_id)
    done = f"{somebody.full_name} sets up a new second factor when they next sign in, and was told by e-mail."
    return _changed(
        request, public_id, lambda: changes.reset_second_factor(admin=person(request), person=somebody), done
    )


def _somebody(request: HttpRequest, public_id: UUID) -> User:
    return get_object_or_404(people_of(person(request)), public_id=public_id)


def _changed(request: HttpRequest, public_id: UUID, change: Callable[[], User], done: str) -> HttpResponse:
    """Back to the person's page, with what was done or why it was not."""
    try:
        change()
    except changes.NotYours:
        raise
    except DomainError as error:
        if error.status == 503:
            raise
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("person-detail", public_id)
