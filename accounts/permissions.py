"""Who may do what: deny by default, one role at a time.

Objects outside a person's institution do not exist for them (404, through `visible_to`); what exists but is not
their role's work is refused (403).
"""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.exceptions import PermissionDenied as DrfPermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission

from accounts import audit
from accounts.models import Action, ApiToken, Outcome, User
from accounts.scopes import SCOPES
from accounts.sign_in import second_factor

if TYPE_CHECKING:
    # DRF imports this module while it is itself being imported, to find its default permission.
    from rest_framework.request import Request
    from rest_framework.views import APIView

View = Callable[..., HttpResponseBase]


def require_role(*roles: str) -> Callable[[View], Callable[..., HttpResponseBase]]:
    """A view for these roles: the anonymous sign in first, other roles get 403."""

    def decorate(view: View) -> Callable[..., HttpResponseBase]:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
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
    """Base of the classes that `role_permission` makes: a role for everybody and, for a token, a scope and a factor."""

    roles: frozenset[str] = frozenset()
    read: str | None = None
    write: str | None = None

    def has_permission(self, request: "Request", view: "APIView") -> bool:
        """Raises PermissionDenied, saying what is missing, where it is the token that falls short."""
        if not request.user or not request.user.is_authenticated:
            return False
        if request.user.role not in self.roles:
            _record_denial(request)
            return False
        if isinstance(request.auth, ApiToken) and (lack := self._lack(request.auth, str(request.method))):
            _record_denial(request)
            raise lack
        return True

    def scope_for(self, method: str) -> str | None:
        """The scope that a token needs for this HTTP method; with none, no token may use it."""
        return self.read if method in SAFE_METHODS else self.write

    def _lack(self, token: ApiToken, method: str) -> DrfPermissionDenied | None:
        if not token.is_verified and second_factor.is_needed(token.user):
            return DrfPermissionDenied(
                "This token was made without a second factor. Make a new one under Your account.",
                code="second_factor_required",
            )
        scope = self.scope_for(method)
        if scope is None:
            return DrfPermissionDenied("No token may do this: use the site in a browser.", code="no_token")
        if scope not in token.scopes:
            return DrfPermissionDenied(
                f"This token lacks the scope {scope}. Make one that has it under Your account.", code="scope_missing"
            )
        return None


def role_permission(*roles: str, read: str | None = None, write: str | None = None) -> type[HasRole]:
    """A DRF permission class that admits these roles, and tokens with the scope `read` (GET, HEAD) or `write` (others).

    Raises:
        KeyError: there is no such scope.
    """
    named = [SCOPES[scope].name for scope in (read, write) if scope is not None]
    name = "HasRole_" + "_".join([*roles, *named]).replace(":", "_")
    return type(name, (HasRole,), {"roles": frozenset(roles), "read": read, "write": write})


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
