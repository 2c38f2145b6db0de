"""Sign-ins, sign-outs and failed sign-ins go to the audit trail."""

import hashlib
from typing import Any

from allauth.account import signals as account_signals
from allauth.account.internal.flows.login import get_authentication_records
from axes import signals as axes_signals  # noqa: F401 its receivers come first: ours say whether they locked somebody out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import audit
from accounts.models import Action, Outcome, User
from accounts.sign_in import sessions
from accounts.sign_in.events import acting_as


@receiver(user_logged_in)
def record_sign_in(sender: Any, user: User, request: HttpRequest | None, **kwargs: Any) -> None:
    """The event carries the person, who was anonymous when the request began."""
    if request is not None:
        sessions.begin(request, user)
    with acting_as(user, request):
        by = {"by": _methods(request, user)}
        audit.record(Action.SIGN_IN, object_type="user", object_id=user.public_id, purpose="", detail=by)


@receiver(user_logged_out)
def record_sign_out(sender: Any, user: User | None, request: HttpRequest | None, **kwargs: Any) -> None:
    """Only a person who was signed in can sign out."""
    if request is not None:
        sessions.leave(request)
    if user is not None:
        with acting_as(user, request):
            audit.record(Action.SIGN_OUT, object_type="user", object_id=user.public_id, purpose="")


@receiver(user_login_failed)
def record_failure(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    """A known account's failure is filed under its institution; an unknown name is kept only as a digest."""
    email = str(credentials.get("email") or credentials.get("username") or "")
    user = User.objects.filter(email__iexact=email).first()
    digest = hashlib.sha256(email.lower().encode()).hexdigest()[:16]
    with acting_as(user, request):
        audit.record(
            Action.SIGN_IN_FAILED,
            object_type="user",
            object_id=user.public_id if user else "",
            outcome=Outcome.FAILURE,
            purpose="",
            detail={
                **({} if user else {"unknown_account_sha256": digest}),
                **({"locked_out": True} if getattr(request, "axes_locked_out", False) else {}),
            },
        )


def _methods(request: HttpRequest | None, user: User) -> list[str]:
    """How the person proved who they are: password, totp, webauthn, recovery_codes, socialaccount."""
    records = get_authentication_records(request, user) if request is not None else []
    return [str(record.get("type", record["method"])) for record in records]


@receiver(account_signals.password_changed)
@receiver(account_signals.password_set)
@receiver(account_signals.password_reset)
def end_what_the_old_password_opened(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Whoever knew the old password may sit in another browser, or have made a token: all but this session end."""
    with acting_as(user, request):
        sessions.end_all_of(user, reason="password-changed", except_for=sessions.current(request))
