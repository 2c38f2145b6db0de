"""What administrators do about people, and what nobody may do about themself."""

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.db import connections
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.errors import AuditUnavailable, Conflict
from accounts.models import Action, ApiToken, AuditEvent, EmergencyAccess, Role, User
from accounts.people import changes
from accounts.people.changes import NotYours, change_role, deactivate, reactivate, reset_second_factor
from tests.cast import AWAY, MakeUser, SignIn
from tests.restricted import opened_to

pytestmark = pytest.mark.django_db

CHANGES = ("person-role", "person-deactivate", "person-reactivate", "person-reset-second-factor")


@pytest.fixture
def admin(make_user: MakeUser) -> User:
    """An administrator of the owner's hospital."""
    return make_user("admin", Role.ADMIN)


@pytest.fixture
def second(make_user: MakeUser) -> User:
    """Another one."""
    return make_user("second", Role.ADMIN)


def with_second_factor(user: User) -> User:
    """The person with an authenticator app and recovery codes."""
    for kind in (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES):
        Authenticator.objects.create(user=user, type=kind, data={})
    return user


def recorded(*actions: Action) -> list[AuditEvent]:
    """The events of these actions, oldest first."""
    return list(AuditEvent.objects.filter(action__in=actions).order_by("pk"))


def test_the_list_finds_people_by_name_role_and_state(
    admin: User, owner: User, colleague: User, make_user: MakeUser, sign_in: SignIn
) -> None:
    auditor, outsider = make_user("auditor", Role.AUDITOR), make_user("outsider", hospital=AWAY)
    with_second_factor(owner)
    User.objects.filter(pk=colleague.pk).update(is_active=False)
    browser = sign_in(admin)

    def shown(**query: str) -> set[str]:
        page = browser.get(reverse("people"), query).content.decode()
        return {user.email for user in (admin, owner, colleague, auditor, outsider) if f">{user.email}<" in page}

    assert shown() == {admin.email, owner.email, colleague.email, auditor.email}
    assert shown(who="OWN") == {owner.email}
    assert shown(who="example.org aud") == {auditor.email}
    assert shown(role="admin") == {admin.email}
    assert shown(state="deactivated") == {colleague.email}
    assert shown(state="without-second-factor") == {admin.email, auditor.email}
    assert shown(who="nobody") == set()


def test_a_persons_page_tells_what_an_administrator_needs(admin: User, owner: User, sign_in: SignIn) -> None:
    with_second_factor(owner)
    shown = sign_in(admin).get(reverse("person-detail", args=[owner.public_id])).content.decode()
    assert owner.email in shown
    assert "Set up" in shown
    assert reverse("person-sessions", args=[owner.public_id]) in shown
    own = sign_in(admin).get(reverse("person-detail", args=[admin.public_id])).content.decode()
    assert "This is you" in own
    assert reverse("person-role", args=[admin.public_id]) not in own


def test_aud_01_a_role_change_is_one_event_with_both_roles(admin: User, owner: User, sign_in: SignIn) -> None:
    response = sign_in(admin).post(reverse("person-role", args=[owner.public_id]), {"role": "researcher"}, follow=True)
    assert "is now researcher" in response.content.decode()
    owner.refresh_from_db()
    assert owner.role == Role.RESEARCHER
    (event,) = recorded(Action.CHANGE_ROLE)
    assert (event.actor, event.object_id_text) == (admin.email, str(owner.public_id))
    assert event.detail == {"old_role": "clinician", "new_role": "researcher"}


def test_a_role_change_ends_sessions_tokens_and_emergency_access(
    admin: User, owner: User, sign_in: SignIn, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    theirs = sign_in(owner)
    assert theirs.get(reverse("worklist")).status_code == 200
    ApiToken.objects.create(owner, name="program")
    access = opened_to(owner)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        change_role(admin=admin, person=owner, role=Role.RESEARCHER)
    assert theirs.get(reverse("home")).headers["Location"].startswith(reverse("account_login"))
    assert not ApiToken.objects.filter(user=owner).exists()
    assert not EmergencyAccess.objects.running().filter(public_id=access).exists()
    (letter,) = mail.outbox
    assert letter.to == [owner.email]
    assert "from Clinician to Researcher" in letter.body


def test_acc_12_deactivating_ends_sessions_and_tokens_at_once(
    admin: User, owner: User, sign_in: SignIn, client: Client
) -> None:
    theirs, program = sign_in(owner), APIClient()
    _, token = ApiToken.objects.create(owner, name="program", scopes=["cases:read"], is_verified=True)
    program.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert theirs.get(reverse("worklist")).status_code == 200
    assert program.get(reverse("api-case-list")).status_code == 200
    sign_in(admin).post(reverse("person-deactivate", args=[owner.public_id]))
    assert theirs.get(reverse("worklist")).status_code == 302
    assert program.get(reverse("api-case-list")).status_code == 401
    assert len(recorded(Action.DEACTIVATE_USER)) == 1


def test_a_reactivated_person_signs_in_again(admin: User, owner: User, sign_in: SignIn) -> None:
    deactivate(admin=admin, person=owner)
    assert sign_in(owner).get(reverse("worklist")).status_code == 302
    sign_in(admin).post(reverse("person-reactivate", args=[owner.public_id]))
    assert sign_in(owner).get(reverse("worklist")).status_code == 200
    assert len(recorded(Action.REACTIVATE_USER)) == 1


def test_a_reset_forgets_every_factor_and_tells_the_person(
    admin: User, owner: User, sign_in: SignIn, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    with_second_factor(owner)
    theirs = sign_in(owner)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        sign_in(admin).post(reverse("person-reset-second-factor", args=[owner.public_id]))
    assert not Authenticator.objects.exists()
    assert theirs.get(reverse("worklist")).status_code == 302
    (letter,) = mail.outbox
    assert letter.to == [owner.email]
    assert "tell your administrator at once" in letter.body
    (event,) = recorded(Action.RESET_SECOND_FACTOR)
    assert event.detail == {"kinds": ["recovery_codes", "totp"]}
    with pytest.raises(Conflict):
        reset_second_factor(admin=admin, person=owner)


@pytest.mark.parametrize(
    "route", ["person-role", "person-deactivate", "person-reactivate", "person-reset-second-factor"]
)
def test_acc_18_an_auditor_changes_nobody(route: str, admin: User, auditor: User, owner: User, sign_in: SignIn) -> None:
    browser = sign_in(auditor)
    for somebody in (auditor, owner, admin):
        response = browser.post(reverse(route, args=[somebody.public_id]), {"role": "admin"})
        assert response.status_code == 403
    roles = set(User.objects.values_list("email", "role", "is_active"))
    assert roles == {(u.email, u.role, True) for u in (admin, auditor, owner)}
    for service in (deactivate, reactivate, reset_second_factor):
        with pytest.raises(NotYours):
            service(admin=auditor, person=owner)
    with pytest.raises(NotYours):
        change_role(admin=auditor, person=auditor, role=Role.ADMIN)


def test_acc_18_an_auditor_invites_nobody_and_sees_no_image(auditor: User, sign_in: SignIn) -> None:
    browser = sign_in(auditor)
    form = {"email": "new@example.org", "full_name": "New", "role": "admin"}
    assert browser.post(reverse("invitation-new"), form).status_code == 403
    for route in ("people", "invitation-list", "study-list", "worklist", "emergency-access"):
        assert browser.get(reverse(route)).status_code == 403
    assert browser.get(reverse("emergency-list")).status_code == 200


def test_nobody_changes_their_own_role_or_deactivates_themself(admin: User, second: User, sign_in: SignIn) -> None:
    browser = sign_in(admin)
    for route in ("person-role", "person-deactivate", "person-reset-second-factor"):
        response = browser.post(reverse(route, args=[admin.public_id]), {"role": "clinician"})
        assert response.status_code == 403
    admin.refresh_from_db()
    assert (admin.role, admin.is_active) == (Role.ADMIN, True)


def test_acc_16_people_of_another_hospital_are_not_there(
    admin: User, outsider: User, make_user: MakeUser, sign_in: SignIn
) -> None:
    browser = sign_in(admin)
    assert browser.get(reverse("person-detail", args=[outsider.public_id])).status_code == 404
    for route in CHANGES:
        assert browser.post(reverse(route, args=[outsider.public_id]), {"role": "admin"}).status_code == 404
    with pytest.raises(NotYours):
        deactivate(admin=make_user("away", Role.ADMIN, hospital=AWAY), person=admin)


def test_the_last_active_administrator_stays(admin: User, second: User, make_user: MakeUser) -> None:
    deactivate(admin=admin, person=second)
    third = make_user("third", Role.ADMIN)
    deactivate(admin=third, person=admin)
    with pytest.raises(NotYours, match="Only an administrator"):
        change_role(admin=admin, person=third, role=Role.CLINICIAN)  # deactivated meanwhile
    assert list(User.objects.filter(role=Role.ADMIN, is_active=True)) == [third]


def test_an_act_of_an_old_sign_in_is_confirmed_first(admin: User, owner: User, sign_in: SignIn) -> None:
    browser = sign_in(admin, minutes_ago=30)
    for route in ("person-role", "person-deactivate", "person-reset-second-factor"):
        response = browser.post(reverse(route, args=[owner.public_id]), {"role": "admin"})
        assert (response.status_code, "reauthenticate" in response.headers["Location"]) == (302, True)
    owner.refresh_from_db()
    assert (owner.role, owner.is_active) == (Role.CLINICIAN, True)
    assert browser.get(reverse("person-detail", args=[owner.public_id])).status_code == 200


def test_aud_03_nothing_changes_when_the_trail_cannot_be_written(
    admin: User, owner: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(*args: object, **kwargs: object) -> None:
        raise AuditUnavailable("not now")

    browser = sign_in(admin)
    monkeypatch.setattr(changes.audit, "record", unavailable)
    assert browser.post(reverse("person-deactivate", args=[owner.public_id])).status_code == 503
    owner.refresh_from_db()
    assert owner.is_active


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_administrators_cannot_deactivate_each_other(make_user: MakeUser) -> None:
    from concurrent.futures import ThreadPoolExecutor

    pair = [make_user("admin", Role.ADMIN), make_user("second", Role.ADMIN)]

    def strike(turn: int) -> str:
        try:
            deactivate(admin=pair[turn], person=pair[1 - turn])
        except (NotYours, Conflict) as error:
            return error.code
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        results = sorted(pool.map(strike, range(2)))
    assert results == ["done", "not_yours"]
    assert User.objects.filter(role=Role.ADMIN, is_active=True).count() == 1
