"""What happens to second factors, passwords and addresses goes to the audit trail."""

from typing import Any

from allauth.account import signals as account_signals
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa import signals as mfa_signals
from allauth.mfa.models import Authenticator
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import audit
from accounts.models import Action, Outcome, User
from accounts.sign_in import lock_out, second_factor
from accounts.sign_in.client_address import client_address


def acting_as(user: User | None, request: HttpRequest | None) -> Any:
    """The trail's context of a person who is not signed in yet."""
    here = audit.current()
    ip = client_address(request) if request is not None else here.ip
    return audit.acting(audit.context_for(user, ip=ip, request_id=here.request_id))


@receiver(post_save, sender=Authenticator)
def record_new_factor(sender: Any, instance: Authenticator, created: bool, **kwargs: Any) -> None:
    """In the transaction that keeps it: a factor that cannot be recorded is not set up."""
    if created:
        is_factor = instance.type in second_factor.KINDS
        _record(Action.ADD_SECOND_FACTOR if is_factor else Action.MAKE_RECOVERY_CODES, instance.user, instance.type)


@receiver(post_delete, sender=Authenticator)
def record_lost_factor(sender: Any, instance: Authenticator, **kwargs: Any) -> None:
    """Recovery codes go with the last factor or when new ones come, and each of those has its event."""
    if instance.type in second_factor.KINDS:
        _record(Action.REMOVE_SECOND_FACTOR, instance.user, instance.type)


@receiver(mfa_signals.authenticator_added)
def count_as_shown(sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Whoever sets up a factor has it in hand: the session in which they did so has shown it."""
    if authenticator.type in second_factor.KINDS:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)


@receiver(mfa_signals.authentication_failed)
def record_wrong_code(
    sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    """A wrong code, at sign-in or later."""
    record_wrong_factor(request, user, authenticator.type)


def record_wrong_factor(request: HttpRequest, user: User | None, kind: str) -> None:
    """Records a second factor that was not right and, when it is known whose, counts it towards the lock-out."""
    if user is not None:
        lock_out.count_failure(request, user)
    with acting_as(user, request):
        audit.record(
            Action.SECOND_FACTOR_FAILED,
            object_type="user",
            object_id=user.public_id if user else "",
            outcome=Outcome.FAILURE,
            purpose="",
            detail={"kind": str(kind), **({"locked_out": True} if getattr(request, "axes_locked_out", False) else {})},
        )


@receiver(account_signals.authentication_step_completed)
def record_confirmed_identity(
    sender: Any, request: HttpRequest, user: User, method: str, reauthenticated: bool = False, **kwargs: Any
) -> None:
    """Somebody who was signed in proved again who they are."""
    if reauthenticated:
        _record(Action.CONFIRM_IDENTITY, user, str(kwargs.get("type", method)))


@receiver(account_signals.password_changed)
@receiver(account_signals.password_set)
def record_new_password(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Changed by the person who was signed in."""
    _record(Action.CHANGE_PASSWORD, user, "changed")


@receiver(account_signals.password_reset)
def record_reset_password(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Changed through a link sent by e-mail."""
    with acting_as(user, request):
        _record(Action.CHANGE_PASSWORD, user, "reset")


@receiver(account_signals.email_changed)
def record_new_address(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """The addresses themselves stay out of the trail's detail: each event carries its actor's."""
    _record(Action.CHANGE_EMAIL, user, "")


def _record(action: Action, user: User, kind: str) -> None:
    audit.record(
        action,
        object_type="user",
        object_id=user.public_id,
        purpose="",
        detail={"kind": str(kind)} if kind else {},
    )
