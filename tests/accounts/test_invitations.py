"""Invitations: who gets one, what the link does, and how often."""

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.errors import Conflict, DomainError
from accounts.models import Action, AuditEvent, Invitation, Role, User
from accounts.people import invitations
from accounts.people.changes import NotYours
from accounts.people.invitations import InvitationOver
from tests.cast import AWAY, PASSWORD, MakeUser, SignIn

pytestmark = pytest.mark.django_db

NEW = {"email": "new@example.org", "full_name": "Dr New Person", "role": "clinician"}
CHOSEN = {"password": "tall green lanterns", "again": "tall green lanterns"}


@pytest.fixture
def admin(make_user: MakeUser) -> User:
    """An administrator."""
    return make_user("admin", Role.ADMIN)


def invite(browser: Client, **changes: str) -> str:
    """Invites by the page; the link in the letter, or nothing where the letter has none."""
    mail.outbox.clear()
    response = browser.post(reverse("invitation-new"), NEW | changes)
    assert response.status_code == 302, response.content.decode()
    return link_sent()


def link_sent() -> str:
    """The link in the only letter."""
    (letter,) = mail.outbox
    found = re.search(r"http://testserver(/invitation/\S+/)", str(letter.body))
    return found[1] if found else ""


def secret_of(link: str) -> str:
    return link.rstrip("/").rsplit("/", 1)[1]


def test_an_invitation_becomes_an_account_that_owes_a_second_factor(
    admin: User, sign_in: SignIn, settings: object
) -> None:
    link = invite(sign_in(admin))
    newcomer = Client()
    page = newcomer.get(link, follow=True)
    assert page.redirect_chain == [(reverse("invitation-accept"), 302)]
    assert "Welcome, Dr New Person" in page.content.decode()
    response = newcomer.post(reverse("invitation-accept"), CHOSEN)
    assert response.headers["Location"] == reverse("mfa_index")
    user = User.objects.get(email="new@example.org")
    assert (user.full_name, user.role, user.institution) == ("Dr New Person", Role.CLINICIAN, admin.institution)
    assert user.check_password(CHOSEN["password"])
    # Signed in, but without a second factor nothing of a patient opens (ACC-4).
    assert newcomer.get(reverse("worklist")).headers["Location"] == reverse("mfa_index")
    added = AuditEvent.objects.get(action=Action.ADD_USER)
    assert (added.actor, added.institution) == (user.email, str(admin.institution))


def test_the_database_never_holds_the_links_secret(admin: User, sign_in: SignIn) -> None:
    secret = secret_of(invite(sign_in(admin)))
    invitation = Invitation.objects.get()
    assert invitation.token_sha256 == hashlib.sha256(secret.encode()).hexdigest()
    kept = [str(value) for value in Invitation.objects.values_list().get()]
    told = [str(event.detail) for event in AuditEvent.objects.all()]
    assert not any(secret in text for text in kept + told)
    assert timedelta(days=6, hours=23) < invitation.expires_at - timezone.now() <= timedelta(days=7)


def test_a_link_works_once(admin: User, sign_in: SignIn) -> None:
    link = invite(sign_in(admin))
    newcomer = Client()
    newcomer.get(link)
    newcomer.post(reverse("invitation-accept"), CHOSEN)
    again = Client().get(link, follow=True)
    assert again.status_code == 410
    assert "no longer works" in again.content.decode()


def test_expired_withdrawn_replaced_and_invented_links_sound_the_same(admin: User, sign_in: SignIn) -> None:
    browser = sign_in(admin)
    expired, withdrawn, replaced, resent = (
        invite(browser, email=f"{name}@example.org") for name in ("expired", "withdrawn", "replaced", "resent")
    )
    Invitation.objects.filter(email="expired@example.org").update(expires_at=timezone.now())
    gone = Invitation.objects.get(email="withdrawn@example.org")
    assert browser.post(reverse("invitation-withdraw", args=[gone.public_id])).status_code == 302
    invite(browser, email="REPLACED@example.org")
    browser.post(reverse("invitation-resend", args=[Invitation.objects.get(email="resent@example.org").public_id]))
    pages = set()
    for link in (expired, withdrawn, replaced, resent, "/invitation/invented/"):
        response = Client().get(link, follow=True)
        assert response.status_code == 410
        pages.add(re.sub(r'hx-headers=\'.*?\'|value="[^"]*"', "", response.content.decode()))
    assert len(pages) == 1


def test_a_resent_link_works_for_seven_days_more(admin: User, sign_in: SignIn) -> None:
    browser = sign_in(admin)
    invite(browser)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert "Expired" in browser.get(reverse("invitation-list")).content.decode()
    mail.outbox.clear()
    browser.post(reverse("invitation-resend", args=[Invitation.objects.get().public_id]))
    assert Client().get(link_sent(), follow=True).status_code == 200
    assert "Open" in browser.get(reverse("invitation-list")).content.decode()
    assert [event.detail.get("again") for event in AuditEvent.objects.filter(action="invite").order_by("pk")] == [
        None,
        True,
    ]


def test_acc_09_an_address_known_elsewhere_is_answered_like_any_other(
    admin: User, outsider: User, sign_in: SignIn
) -> None:
    browser = sign_in(admin)
    told = []
    for email in (outsider.email, "somebody@example.org"):
        response = browser.post(reverse("invitation-new"), NEW | {"email": email}, follow=True)
        told.append(re.sub(r'hx-headers=\'.*?\'|value="[^"]*"', "", response.content.decode().replace(email, "…")))
    first, second = (re.findall(r"An invitation was sent to …", text) for text in told)
    assert first == second != []
    assert [letter.to for letter in mail.outbox] == [[outsider.email], ["somebody@example.org"]]
    assert "/invitation/" not in mail.outbox[0].body
    assert "has an account with Lobule already" in mail.outbox[0].body
    assert Invitation.objects.visible_to(admin).pending().count() == 2


def test_somebody_who_works_here_is_not_invited_again(admin: User, owner: User, sign_in: SignIn) -> None:
    response = sign_in(admin).post(reverse("invitation-new"), NEW | {"email": owner.email.upper()})
    assert response.status_code == 422
    assert "has an account here already" in response.content.decode()
    assert not mail.outbox


def test_acc_01_and_02_a_weak_password_makes_no_account(admin: User, sign_in: SignIn) -> None:
    newcomer = Client()
    newcomer.get(invite(sign_in(admin)))
    for password, again in (
        ("short", "short"),
        ("password1234", "password1234"),
        ("tall green lanterns", "tall green lantern"),
    ):
        response = newcomer.post(reverse("invitation-accept"), {"password": password, "again": again})
        assert response.status_code == 422
    assert not User.objects.filter(email="new@example.org").exists()
    assert Invitation.objects.usable().exists()
    with pytest.raises(DomainError) as refused:
        invitations.accept(secret=secret_of(invite(sign_in(admin))), password="short")
    assert refused.value.code == "invalid_account"


def test_whoever_is_signed_in_does_not_take_anothers_invitation(admin: User, owner: User, sign_in: SignIn) -> None:
    link, browser = invite(sign_in(admin)), sign_in(owner)
    response = browser.get(link, follow=True)
    assert response.status_code == 409
    assert "sign out" in response.content.decode()
    assert browser.post(reverse("invitation-accept"), CHOSEN).status_code == 409
    assert not User.objects.filter(email="new@example.org").exists()


def test_an_address_taken_meanwhile_ends_the_invitation(admin: User, sign_in: SignIn, make_user: MakeUser) -> None:
    link = invite(sign_in(admin))
    make_user("new", hospital=AWAY)
    assert Client().get(link, follow=True).status_code == 410
    with pytest.raises(InvitationOver):
        invitations.accept(secret=secret_of(link), password=PASSWORD)


def test_acc_16_another_hospitals_invitations_are_not_there(admin: User, sign_in: SignIn, make_user: MakeUser) -> None:
    invite(sign_in(admin))
    invitation, away = Invitation.objects.get(), make_user("away", Role.ADMIN, hospital=AWAY)
    browser = sign_in(away)
    assert "new@example.org" not in browser.get(reverse("invitation-list")).content.decode()
    for route in ("invitation-resend", "invitation-withdraw"):
        assert browser.post(reverse(route, args=[invitation.public_id])).status_code == 404
    with pytest.raises(NotYours):
        invitations.withdraw(admin=away, invitation=invitation)


def test_inviting_asks_for_a_fresh_sign_in(admin: User, sign_in: SignIn) -> None:
    response = sign_in(admin, minutes_ago=30).post(reverse("invitation-new"), NEW)
    assert "reauthenticate" in response.headers["Location"]
    assert not Invitation.objects.exists()


def test_a_deactivated_administrators_invitation_is_refused(admin: User) -> None:
    User.objects.update(is_active=False)
    with pytest.raises(NotYours):
        invitations.invite(admin=admin, **NEW, link_to=str)


def test_one_invitation_of_an_address_is_pending(admin: User, sign_in: SignIn) -> None:
    browser = sign_in(admin)
    invite(browser)
    invite(browser, email="NEW@example.org", role="auditor")
    assert [(i.role, i.withdrawn_at is None) for i in Invitation.objects.order_by("pk")] == [
        ("clinician", False),
        ("auditor", True),
    ]
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.update(withdrawn_at=None)
    with pytest.raises(Conflict):
        invitations.withdraw(admin=admin, invitation=Invitation.objects.order_by("pk")[0])


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_eight_who_accept_at_once_one_has_the_account(make_user: MakeUser) -> None:
    admin, secrets = make_user("admin", Role.ADMIN), []

    def keep(secret: str) -> str:
        secrets.append(secret)
        return secret

    invitations.invite(admin=admin, **NEW, link_to=keep)

    def take(_: int) -> str:
        try:
            invitations.accept(secret=secrets[0], password=CHOSEN["password"])
        except InvitationOver:
            return "over"
        finally:
            connections.close_all()
        return "mine"

    with ThreadPoolExecutor(8) as pool:
        results = sorted(pool.map(take, range(8)))
    assert results == ["mine"] + ["over"] * 7
    assert User.objects.filter(email="new@example.org").count() == 1
    assert AuditEvent.objects.filter(action=Action.ADD_USER).count() == 1
