"""Who acts, from where and in which request: set by the web middleware or the worker."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.http import HttpRequest

from accounts.models import User
from accounts.sign_in.client_address import client_address


@dataclass(frozen=True)
class AuditContext:
    """Who acts, as text; `request_id` names the request or the job."""

    actor: str = "anonymous"
    actor_id: str = ""
    role: str = ""
    institution: str = ""
    institution_id: str = ""
    ip: str | None = None
    request_id: str = ""


_SYSTEM = AuditContext(actor="system")
_current: ContextVar[Callable[[], AuditContext]] = ContextVar("audit_context", default=lambda: _SYSTEM)


def context_for(user: User | None, *, ip: str | None = None, request_id: str = "") -> AuditContext:
    """The context of a signed-in user, or of nobody."""
    if user is None:
        return AuditContext(ip=ip, request_id=request_id)
    return AuditContext(
        actor=user.email,
        actor_id=str(user.public_id),
        role=user.role,
        institution=user.institution.name,
        institution_id=str(user.institution.public_id),
        ip=ip,
        request_id=request_id,
    )


@contextmanager
def acting(context: AuditContext) -> Iterator[None]:
    """Everything recorded inside is recorded as done by `context`."""
    with _from(lambda: context):
        yield


@contextmanager
def serving(request: HttpRequest, request_id: str) -> Iterator[None]:
    """Everything recorded inside is recorded as done by whoever makes the request.

    Who that is, is asked at each event: a token is looked at only inside the API's views, and a sign-in changes it.
    """

    def context() -> AuditContext:
        user = getattr(request, "user", None)
        return context_for(user if isinstance(user, User) else None, ip=ip_of(request), request_id=request_id)

    with _from(context):
        yield


def ip_of(request: HttpRequest) -> str | None:
    """The address that the request came from, behind our own proxies too; None where the server names none."""
    return client_address(request)


def current() -> AuditContext:
    """Who acts now."""
    return _current.get()()


@contextmanager
def _from(source: Callable[[], AuditContext]) -> Iterator[None]:
    token = _current.set(source)
    try:
        yield
    finally:
        _current.reset(token)
