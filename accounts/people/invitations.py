"""Inviting people, and what becomes of the invitation.

The link's secret stands in the e-mail alone; the database has its SHA-256. An address that already has an account at
another institution is answered like any other, so that nobody learns here who works elsewhere; only its owner hears
why the invitation leads nowhere.
"""

import hashlib
import secrets
from collections.abc import Callable
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models.functions import Now

from accounts import audit
from accounts.errors import Conflict, DomainError
from accounts.models import Action, Institution, Invitation, Role, User
from accounts.people import letters
from accounts.people.adding import make_account
from accounts.people.changes import NotYours

DAYS = 7
SECRET_BYTES = 32

LinkTo = Callable[[str], str]


class InvitationOver(DomainError):
    """The link was used, withdrawn, replaced, has expired, or never was one: all sound the same."""

    status = 410
    code = "invitation_over"

    def __init__(self) -> None:
        super().__init__(
            f"An invitation is good for one account and for {DAYS} days. Ask your administrator to send a new one."
        )


def invite(*, admin: User, email: str, full_name: str, role: str, link_to: LinkTo) -> Invitation:
    """Invites a person and sends the link; one that was pending for the same address is withdrawn.

    Args:
        link_to: makes the link's absolute URL from its secret.

    Raises:
        NotYours: only an active administrator invites.
        DomainError: the address is none, the name missing, or the role unknown.
        Conflict: a person with this address works at the institution already.
        AuditUnavailable: it could not be recorded, so nobody was invited.
    """
    email, full_name = User.objects.normalize_email(email.strip()), full_name.strip()
    try:
        validate_email(email)
    except ValidationError as error:
        raise DomainError("Give a whole e-mail address, such as name@hospital.example.") from error
    if not full_name or role not in Role.values:
        raise DomainError("Give the person’s name, and choose one of the roles offered.")
    secret = secrets.token_urlsafe(SECRET_BYTES)
    with transaction.atomic():
        _require_administrator(admin)
        if User.objects.filter(institution=admin.institution_id, email__iexact=email).exists():
            raise Conflict("A person with this e-mail address has an account here already.")
        for earlier in Invitation.objects.pending().filter(institution=admin.institution_id, email__iexact=email):
            withdraw(admin=admin, invitation=earlier)
        invitation = Invitation.objects.create(
            institution=admin.institution,
            email=email,
            full_name=full_name,
            role=role,
            invited_by=admin,
            token_sha256=digest(secret),
            expires_at=Now() + timedelta(days=DAYS),
        )
        _record(Action.INVITE, invitation, {"role": role, "to": email})
    _send(invitation, link_to(secret))
    return invitation


def resend(*, admin: User, invitation: Invitation, link_to: LinkTo) -> None:
    """Sends a new link, good for another seven days; the one before it stops working.

    Raises:
        NotYours: only an active administrator of the institution does this.
        Conflict: it was accepted or withdrawn.
        AuditUnavailable: it could not be recorded, so nothing was sent.
    """
    secret = secrets.token_urlsafe(SECRET_BYTES)
    with transaction.atomic():
        _require_administrator(admin, invitation)
        renewed = (
            Invitation.objects.pending()
            .filter(pk=invitation.pk)
            .update(token_sha256=digest(secret), sent_at=Now(), expires_at=Now() + timedelta(days=DAYS))
        )
        if not renewed:
            raise Conflict("This invitation was accepted or withdrawn.")
        _record(Action.INVITE, invitation, {"role": invitation.role, "to": invitation.email, "again": True})
    _send(invitation, link_to(secret))


@transaction.atomic
def withdraw(*, admin: User, invitation: Invitation) -> None:
    """Ends an invitation: its link stops working.

    Raises:
        NotYours: only an active administrator of the institution does this.
        Conflict: it was accepted or withdrawn.
        AuditUnavailable: it could not be recorded, so nothing was changed.
    """
    _require_administrator(admin, invitation)
    if not Invitation.objects.pending().filter(pk=invitation.pk).update(withdrawn_at=Now()):
        raise Conflict("This invitation was accepted or withdrawn.")
    _record(Action.WITHDRAW_INVITATION, invitation, {"to": invitation.email})


def open_invitation(secret: str) -> Invitation:
    """The invitation that a link leads to.

    Raises:
        InvitationOver: it leads nowhere.
    """
    usable = Invitation.objects.usable().select_related("institution", "invited_by")
    invitation = usable.filter(token_sha256=digest(secret)).first() if secret else None
    if invitation is None or User.objects.filter(email__iexact=invitation.email).exists():
        raise InvitationOver
    return invitation


@transaction.atomic
def accept(*, secret: str, password: str) -> User:
    """Makes the account; of several who open one link at once, one has it.

    Raises:
        InvitationOver: the link leads nowhere any more.
        DomainError: the password is too weak.
        AuditUnavailable: it could not be recorded, so no account was made.
    """
    invitation = open_invitation(secret)
    # One account of an institution after the other: of two requests the second then finds the link used.
    institution = Institution.objects.select_for_update().get(pk=invitation.institution_id)
    if not Invitation.objects.usable().filter(pk=invitation.pk, token_sha256=digest(secret)).update(accepted_at=Now()):
        raise InvitationOver
    user = make_account(
        institution=institution,
        email=invitation.email,
        full_name=invitation.full_name,
        role=invitation.role,
        password=password,
    )
    Invitation.objects.filter(pk=invitation.pk).update(account=user)
    here = audit.current()
    with audit.acting(audit.context_for(user, ip=here.ip, request_id=here.request_id)):
        audit.record(
            Action.ADD_USER,
            object_type="user",
            object_id=user.public_id,
            purpose="",
            detail={"role": user.role, "invitation": str(invitation.public_id)},
        )
    return user


def digest(secret: str) -> str:
    """How the database knows a link's secret. It is random enough that a plain SHA-256 cannot be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _require_administrator(admin: User, invitation: Invitation | None = None) -> None:
    Institution.objects.select_for_update().get(pk=admin.institution_id)
    now = User.objects.get(pk=admin.pk)
    elsewhere = invitation is not None and invitation.institution_id != now.institution_id
    if not now.is_active or now.role != Role.ADMIN or elsewhere:
        raise NotYours("Only an administrator of the institution invites people to it.")


def _record(action: Action, invitation: Invitation, detail: dict[str, object]) -> None:
    audit.record(action, object_type="invitation", object_id=invitation.public_id, purpose="", detail=detail)


def _send(invitation: Invitation, link: str) -> None:
    institution, by = invitation.institution, invitation.invited_by.full_name
    if User.objects.filter(email__iexact=invitation.email).exists():
        text = (
            f"{by} invited you to Lobule at {institution}. This address has an account with Lobule already, and an "
            f"account belongs to one institution: ask {by} to invite you by another address.\n"
        )
    else:
        text = (
            f"{by} invited you to Lobule at {institution}, as {invitation.get_role_display().lower()}.\n\n"
            f"Choose your password here, within {DAYS} days:\n{link}\n\n"
            "The link works once and is for you alone. If you don’t know what this is about, do nothing.\n"
        )
    letters.send(f"Your invitation to Lobule at {institution}", text, to=[invitation.email])
