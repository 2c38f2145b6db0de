"""Opening, finding and ending the sessions of people who are signed in (ACC-12, ACC-13).

A session is over when its `SignedInSession` row is gone: the middleware asks for it at every request. What Django keeps
of the session itself (a database row, a cache entry, or both) is deleted as well, but nothing depends on that.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from importlib import import_module

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import Action, ApiToken, SignedInSession, SignedInSessionQuerySet, User
from accounts.sign_in.client_address import client_address

# In the browser's session: the public ID of its row.
SESSION_ID = "signed_in_session"


def begin(request: HttpRequest, user: User) -> SignedInSession:
    """Keeps a row for the browser in which this person has just signed in."""
    end_expired()
    leave(request)
    if not request.session.session_key:
        request.session.save()
    session = SignedInSession.objects.create(
        user=user,
        session_key=request.session.session_key or "",
        ip=client_address(request),
        user_agent=request.META.get("HTTP_USER_AGENT", "")[:400],
    )
    request.session[SESSION_ID] = str(session.public_id)
    return session


def leave(request: HttpRequest) -> None:
    """Drops the row of the browser whose person signs out, or signs in as somebody else."""
    if request.session.get(SESSION_ID):
        SignedInSession.objects.filter(public_id=request.session[SESSION_ID]).delete()


def find(request: HttpRequest) -> SignedInSession | None:
    """The row of this browser's session, or nothing when it was ended."""
    public_id = request.session.get(SESSION_ID)
    if public_id is None or not request.user.is_authenticated:
        return None
    return SignedInSession.objects.filter(public_id=public_id, user=request.user).first()


def current(request: HttpRequest) -> SignedInSession | None:
    """The row that the middleware found for this request; nothing for the anonymous and for programs."""
    return getattr(request, "signed_in_session", None)


def end_expired() -> int:
    """Ends the sessions whose time is over and whose browsers have not come back to hear of it."""
    expired = SignedInSession.objects.filter(_is_over()).select_related("user__institution")
    ended = 0
    for session in expired:
        institution = session.user.institution
        system = audit.AuditContext(
            actor="system", institution=institution.name, institution_id=str(institution.public_id)
        )
        with audit.acting(system):
            ended += end([session], reason="expired")
    return ended


def running() -> SignedInSessionQuerySet:
    """The sessions whose time is not over."""
    return SignedInSession.objects.exclude(_is_over())


def end(sessions: Iterable[SignedInSession], *, reason: str) -> int:
    """Ends these sessions; each ending is recorded with its `reason`. How many there were is the answer."""
    with transaction.atomic():
        ended = [session for session in sessions if _delete(session)]
        for session in ended:
            audit.record(
                Action.END_SESSION,
                object_type="session",
                object_id=session.public_id,
                purpose="",
                detail={"of": str(session.user.public_id), "reason": reason},
            )
    return len(ended)


def end_all_of(user: User, *, reason: str = "disabled", except_for: SignedInSession | None = None) -> int:
    """Ends every session and every API token of a person, at once and everywhere.

    Args:
        reason: kept in the trail: disabled, role-changed, password-changed, ...
        except_for: a session that goes on; the tokens end even then.

    Returns:
        How many sessions and tokens were ended.
    """
    sessions = SignedInSession.objects.filter(user=user).select_related("user")
    if except_for is not None:
        sessions = sessions.exclude(pk=except_for.pk)
    with transaction.atomic():
        ended = end(sessions, reason=reason)
        for token in ApiToken.objects.filter(user=user):
            token.delete()
            audit.record(
                Action.REVOKE_TOKEN,
                object_type="api-token",
                object_id=token.public_id,
                purpose="",
                detail={"of": str(user.public_id), "reason": reason},
            )
            ended += 1
    return ended


def _delete(session: SignedInSession) -> bool:
    deleted, _ = SignedInSession.objects.filter(pk=session.pk).delete()
    # Again after the commit: until then another request may put the session back into a cache.
    _forget(session.session_key)
    transaction.on_commit(lambda: _forget(session.session_key))
    return bool(deleted)


def _forget(session_key: str) -> None:
    engine = import_module(settings.SESSION_ENGINE)
    store: SessionBase = engine.SessionStore()
    store.delete(session_key)


def _is_over() -> Q:
    return Q(signed_in_at__lte=_now_less(settings.SESSION_ABSOLUTE_SECONDS)) | Q(
        last_active_at__lte=_now_less(settings.SESSION_IDLE_SECONDS)
    )


def _now_less(seconds: int) -> datetime:
    return timezone.now() - timedelta(seconds=seconds)
