"""What an administrator changes about a person: the role, whether they may sign in, a lost second factor.

Nobody changes these about themself, and an institution never loses its last active administrator.
"""

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts import audit
from accounts.errors import Conflict, DomainError
from accounts.models import Action, Institution, Role, User
from accounts.people import letters
from accounts.people.emergency import end_accesses_of
from accounts.sign_in.sessions import end_all_of


class NotYours(DomainError):
    """The person must not make this change."""

    status = 403
    code = "not_yours"


@transaction.atomic
def change_role(*, admin: User, person: User, role: str) -> User:
    """Gives a person another role; they are signed out everywhere, and their API tokens end.

    Raises:
        NotYours: the change is not this person's to make.
        DomainError: there is no such role.
        Conflict: they have that role already, or nobody would administer the institution any more.
        AuditUnavailable: it could not be recorded, so nothing was changed.
    """
    if role not in Role.values:
        raise DomainError("Choose one of the roles offered.")
    person = _to_change(admin, person)
    old = person.role
    if role == old:
        raise Conflict(f"{person.full_name} has this role already.")
    if old == Role.ADMIN:
        _keep_an_administrator(person)
    end_accesses_of(person, reason="role-changed")
    person.role = role
    person.save(update_fields=["role"])
    end_all_of(person, reason="role-changed")
    _record(Action.CHANGE_ROLE, person, {"old_role": old, "new_role": role})
    transaction.on_commit(
        lambda: _write(
            person,
            "Your role in Lobule has changed",
            f"{admin.full_name} changed your role at {person.institution} from {Role(old).label} to "
            f"{Role(role).label}. Sign in again to go on.",
        )
    )
    return person


@transaction.atomic
def deactivate(*, admin: User, person: User) -> User:
    """Keeps a person from signing in, and ends every session and API token they have (ACC-12).

    The account stays, since the audit trail and patients' records name it.

    Raises:
        NotYours: the change is not this person's to make.
        Conflict: they are deactivated already, or nobody would administer the institution any more.
        AuditUnavailable: it could not be recorded, so nothing was changed.
    """
    person = _to_change(admin, person)
    if not person.is_active:
        raise Conflict(f"{person.full_name} is deactivated already.")
    if person.role == Role.ADMIN:
        _keep_an_administrator(person)
    end_accesses_of(person, reason="deactivated")
    person.is_active = False
    person.save(update_fields=["is_active"])
    end_all_of(person, reason="disabled")
    _record(Action.DEACTIVATE_USER, person, {"role": person.role})
    return person


@transaction.atomic
def reactivate(*, admin: User, person: User) -> User:
    """Lets a person sign in again, with their old password, second factor and role.

    Raises:
        NotYours: the change is not this person's to make.
        Conflict: they are active.
        AuditUnavailable: it could not be recorded, so nothing was changed.
    """
    person = _to_change(admin, person)
    if person.is_active:
        raise Conflict(f"{person.full_name} is active already.")
    person.is_active = True
    person.save(update_fields=["is_active"])
    _record(Action.REACTIVATE_USER, person, {"role": person.role})
    return person


@transaction.atomic
def reset_second_factor(*, admin: User, person: User) -> User:
    """Forgets a person's authenticator app, passkeys and recovery codes, and signs them out everywhere.

    They set up a new one when they next sign in with their password. They are told by e-mail, since whoever holds
    their password could otherwise have this done unnoticed.

    Raises:
        NotYours: the change is not this person's to make.
        Conflict: there is no second factor to reset.
        AuditUnavailable: it could not be recorded, so nothing was changed.
    """
    person = _to_change(admin, person)
    forgotten = list(Authenticator.objects.filter(user=person).values_list("type", flat=True))
    if not forgotten:
        raise Conflict(f"{person.full_name} has no second factor.")
    Authenticator.objects.filter(user=person).delete()
    end_all_of(person, reason="second-factor-reset")
    _record(Action.RESET_SECOND_FACTOR, person, {"kinds": sorted(forgotten)})
    transaction.on_commit(
        lambda: _write(
            person,
            "Your second factor was reset",
            f"{admin.full_name} removed your authenticator app, passkeys and recovery codes at {person.institution}. "
            "Sign in with your password to set up a new one.\n\n"
            "If you did not ask for this, tell your administrator at once and change your password.",
        )
    )
    return person


def _to_change(admin: User, person: User) -> User:
    """The person as the database has them now, kept from other changes until the transaction ends."""
    # One change at an institution after the other: two administrators must not deactivate each other at once.
    Institution.objects.select_for_update().get(pk=admin.institution_id)
    now = User.objects.get(pk=admin.pk)
    if not now.is_active or now.role != Role.ADMIN or person.institution_id != now.institution_id:
        raise NotYours("Only an administrator of the person’s institution changes this.")
    if person.pk == admin.pk:
        raise NotYours("Nobody changes this about themself: ask another administrator.")
    return User.objects.select_related("institution").get(pk=person.pk)


def _keep_an_administrator(leaving: User) -> None:
    others = User.objects.filter(institution=leaving.institution_id, role=Role.ADMIN, is_active=True)
    if leaving.is_active and not others.exclude(pk=leaving.pk).exists():
        raise Conflict("This is the last active administrator here. Make another person one first.")


def _record(action: Action, person: User, detail: dict[str, object]) -> None:
    audit.record(action, object_type="user", object_id=person.public_id, purpose="", detail=detail)


def _write(person: User, subject: str, text: str) -> None:
    letters.send(subject, text, to=[person.email])
