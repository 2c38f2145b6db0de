"""What a token may do: only what its scopes say, in every view of the API (ACC-21)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator

from accounts.models import Action, AuditEvent, Role, User
from accounts.permissions import HasRole, role_permission
from accounts.scopes import SCOPES, open_to
from accounts.sign_in.tokens import make_token
from diagnosis.models import FnaBatch
from tests.cast import MakeUser

pytestmark = pytest.mark.django_db

# Open to everybody, or to any token: signing in, and ending the token that the request carries.
WITHOUT_SCOPES = {"api-token", "api-token-revoke", "api-schema"}


def bearer(user: User, *scopes: str, is_verified: bool = True) -> dict[str, str]:
    _, text = make_token(user=user, name="test", scopes=scopes, lifetime=timedelta(hours=1), is_verified=is_verified)
    return {"Authorization": f"Bearer {text}"}


def api_routes(patterns: list[URLPattern | URLResolver]) -> Iterator[tuple[str, Any]]:
    """The name and the callback of each route that a DRF view answers."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from api_routes(pattern.url_patterns)
        elif hasattr(pattern.callback, "cls"):
            yield str(pattern.name), pattern.callback


def guards(callback: Any) -> Iterator[tuple[str, list[Any]]]:
    """Each method of the view, with the permissions that stand before it."""
    actions = getattr(callback, "actions", None) or {}
    methods = actions or [name for name in callback.cls.http_method_names if hasattr(callback.cls, name)]
    for method in methods:
        if method == "options":
            continue
        view = callback.cls(**callback.initkwargs)
        view.request, view.action = None, actions.get(method)
        yield method.upper(), view.get_permissions()


ROUTES = dict(api_routes(get_resolver().url_patterns))


def test_acc_21_the_test_sees_the_api() -> None:
    assert {"api-case-list", "api-upload-file-detail", "api-job-cancel", *WITHOUT_SCOPES} <= set(ROUTES)


@pytest.mark.parametrize("route", sorted(set(ROUTES) - WITHOUT_SCOPES))
def test_acc_21_every_view_of_the_api_names_its_scopes(route: str) -> None:
    for method, permissions in guards(ROUTES[route]):
        scoped = [guard for guard in permissions if isinstance(guard, HasRole)]
        assert scoped, f"{route} {method}: no role_permission"
        assert all(guard.scope_for(method) in SCOPES for guard in scoped), f"{route} {method}: no scope"


def test_acc_21_a_view_without_a_scope_is_closed_to_tokens(owner: User, rf: Any) -> None:
    from rest_framework.response import Response
    from rest_framework.views import APIView

    class Unscoped(APIView):
        permission_classes = (role_permission(Role.CLINICIAN),)

        def get(self, request: Any) -> Response:
            return Response("reached")

    request = rf.get("/", headers=bearer(owner, *[scope.name for scope in open_to(owner.role)]))
    answer = Unscoped.as_view()(request)
    assert (answer.status_code, answer.data["code"]) == (403, "no_token")


def test_acc_21_an_unknown_scope_stops_the_start() -> None:
    with pytest.raises(KeyError):
        role_permission(Role.CLINICIAN, read="cases:reed")


@pytest.mark.parametrize(
    ("scope", "opens", "closed"),
    [
        ("cases:read", ["/api/v1/cases/", "/api/v1/predictions/"], ["/api/v1/studies/", "/api/v1/jobs/"]),
        ("studies:read", ["/api/v1/studies/"], ["/api/v1/cases/", "/api/v1/models/"]),
        ("jobs:read", ["/api/v1/jobs/"], ["/api/v1/cases/", "/api/v1/rehearsals/"]),
        ("models:read", ["/api/v1/models/", "/api/v1/activations/"], ["/api/v1/predictions/"]),
        ("cases:write", [], ["/api/v1/cases/", "/api/v1/predictions/"]),
    ],
)
def test_acc_21_a_token_does_what_its_scopes_say(scope: str, opens: list[str], closed: list[str], owner: User) -> None:
    headers = bearer(owner, scope)
    assert [Client().get(path, headers=headers).status_code for path in opens] == [200] * len(opens)
    for path in closed:
        answer = Client().get(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_acc_21_the_refusal_says_which_scope_is_missing(owner: User, scored_batch: FnaBatch) -> None:
    headers = bearer(owner, "cases:read", "jobs:read")
    answer = Client().post("/api/v1/fna-samples/", data={}, content_type="application/json", headers=headers)
    assert answer.status_code == 403
    assert "cases:write" in answer.json()["detail"]
    cancel = Client().post(f"/api/v1/jobs/{scored_batch.job.public_id}/cancel/", headers=headers)
    assert "jobs:write" in cancel.json()["detail"]
    assert AuditEvent.objects.filter(action=Action.DENIED).count() == 2
    search = {"reference": "S-1"}
    found = Client().post("/api/v1/cases/search/", data=search, content_type="application/json", headers=headers)
    assert found.json()["count"] == 1


def test_acc_21_a_scope_gives_nothing_that_the_role_does_not(make_user: MakeUser) -> None:
    person = make_user("mover")
    headers = bearer(person, "cases:read", "models:read")
    person.role = Role.RESEARCHER
    person.save()
    assert Client().get("/api/v1/cases/", headers=headers).status_code == 403
    assert Client().get("/api/v1/models/", headers=headers).status_code == 200


def test_acc_21_a_token_made_without_a_second_factor_opens_nothing_where_one_is_needed(
    owner: User, settings: LazySettings
) -> None:
    settings.MFA_REQUIRED = True
    weak, strong = bearer(owner, "cases:read", is_verified=False), bearer(owner, "cases:read")
    answer = Client().get("/api/v1/cases/", headers=weak)
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_required")
    assert Client().get("/api/v1/cases/", headers=strong).status_code == 200


def test_acc_21_the_schema_states_each_operations_scope() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    paths = schema["paths"]
    assert schema["components"]["securitySchemes"]["apiToken"]["scheme"] == "bearer"
    assert paths["/api/v1/cases/"]["get"]["x-scope"] == "cases:read"
    assert "`cases:read`" in paths["/api/v1/cases/"]["get"]["description"]
    assert paths["/api/v1/cases/search/"]["post"]["x-scope"] == "cases:read"
    guarded = [o for p, methods in paths.items() if "/auth/" not in p for o in methods.values()]
    assert [operation["operationId"] for operation in guarded if operation.get("x-scope") not in SCOPES] == []
    assert "needs the scope <code>cases:read</code>" in Client().get("/api/v1/docs/").content.decode()


def test_acc_21_each_scope_is_some_roles_work() -> None:
    assert all(scope.roles for scope in SCOPES.values())
    assert [scope.name for scope in open_to(Role.AUDITOR)] == ["models:read", "synthesis:read", "audit:read"]
    assert "audit:read" not in {scope.name for scope in open_to(Role.CLINICIAN)}
