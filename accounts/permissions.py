"""Who may do what: deny by default, one role at a time.

Objects outside a person's institution do not exist for them (404, through `visible_to`); what exists but is not
their role's work is refused (403).
"""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.permissions import BasePermission

from accounts import audit
from accounts.models import Action, Outcome, User

if TYPE_CHECKING:
    # DRF imports this module while it is itself being imported, to find its default permission.
    from rest_framework.request import Request
    from rest_framework.views import APIView

View = Callable[..., HttpResponse]


def require_role(*roles: str) -> Callable[[View], Callable[..., HttpResponseBase]]:
    """A view for these roles: the anonymous sign in first, other roles get 403."""

    def decorate(view: View) -> Callable[..., HttpResponseBase]:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if getattr(request.user, "role", None) not in roles:
                _record_denial(request)
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def person(request: "HttpRequest | Request") -> User:
    """The person who makes the request, in a view that `require_role` or a permission class guards."""
    assert isinstance(request.user, User)  # the guard let nobody else through
    return request.user


class Denied(BasePermission):
    """The API's default: an endpoint that names no roles is open to nobody."""

    def has_permission(self, request: "Request", view: "APIView") -> bool:
        return False


class HasRole(BasePermission):
    """Base of the classes that `role_permission` makes."""

    roles: frozenset[str] = frozenset()

    def has_permission(self, request: "Request", view: "APIView") -> bool:
        if not request.user or not request.user.is_authenticated:
            return False
        if request.user.role in self.roles:
            return True
        _record_denial(request)
        return False


def role_permission(*roles: str) -> type[HasRole]:
    """A DRF permission class that admits these roles."""
    return type("HasRole_" + "_".join(roles), (HasRole,), {"roles": frozenset(roles)})


def _record_denial(request: "HttpRequest | Request") -> None:
    # The route's pattern, not the path: a path may name a patient's case.
    match = request.resolver_match
    audit.record(
        Action.DENIED,
        object_type="page",
        object_id=(match.view_name if match else "")[:64],
        outcome=Outcome.FAILURE,
        purpose="",
    )
