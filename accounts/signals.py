"""Sign-ins, sign-outs and failed sign-ins go to the audit trail."""

import hashlib
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import audit
from accounts.models import Action, Outcome, User


def _context(user: User | None, request: HttpRequest | None) -> audit.AuditContext:
    ip = request.META.get("REMOTE_ADDR") if request is not None else None
    return audit.context_for(user, ip=ip)


@receiver(user_logged_in)
def record_sign_in(sender: Any, user: User, request: HttpRequest | None, **kwargs: Any) -> None:
    """The event carries the person, who was anonymous when the request began."""
    with audit.acting(_context(user, request)):
        audit.record(Action.SIGN_IN, object_type="user", object_id=user.public_id, purpose="")


@receiver(user_logged_out)
def record_sign_out(sender: Any, user: User | None, request: HttpRequest | None, **kwargs: Any) -> None:
    """Only a person who was signed in can sign out."""
    if user is not None:
        with audit.acting(_context(user, request)):
            audit.record(Action.SIGN_OUT, object_type="user", object_id=user.public_id, purpose="")


@receiver(user_login_failed)
def record_failure(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    """A known account's failure is filed under its institution; an unknown name is kept only as a digest."""
    email = str(credentials.get("email") or credentials.get("username") or "")
    user = User.objects.filter(email__iexact=email).first()
    digest = hashlib.sha256(email.lower().encode()).hexdigest()[:16]
    with audit.acting(_context(user, request)):
        audit.record(
            Action.SIGN_IN_FAILED,
            object_type="user",
            object_id=user.public_id if user else "",
            outcome=Outcome.FAILURE,
            purpose="",
            detail={} if user else {"unknown_account_sha256": digest},
        )
