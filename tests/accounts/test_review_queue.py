"""The daily review: judged by others, signed once, overdue when nobody does."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import Action, AuditEvent, DailyReview, Role, UnusualAccess, User, Verdict
from tests.accounts.trail_rows import event_of
from tests.cast import MakeUser, SignIn

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 2)
OVER = datetime(2026, 11, 3, tzinfo=UTC)


@pytest.fixture
def review(auditor: User) -> DailyReview:
    return DailyReview.objects.create(institution=auditor.institution, day=DAY, ends_at=OVER, event_count=3)


def finding_about(user: User, **fields: Any) -> UnusualAccess:
    about = {"actor": user.email, "actor_id_text": str(user.public_id), "role": user.role, "key": str(user.public_id)}
    values = {"institution": user.institution, "day": DAY, "rule": "denials", "summary": "Refused 9 times."}
    return UnusualAccess.objects.create(**(values | about | fields))


def judge(browser: Any, finding: UnusualAccess, verdict: str = "fine", note: str = "") -> int:
    url = reverse("review-judge", args=[finding.public_id])
    return int(browser.post(url, {"verdict": verdict, "note": note}).status_code)


def sign(browser: Any) -> int:
    return int(browser.post(reverse("review-sign", args=[DAY.isoformat()]), {"note": "All well."}).status_code)


def test_a_day_is_judged_and_signed(review: DailyReview, auditor: User, owner: User, sign_in: SignIn) -> None:
    finding = finding_about(owner)
    browser = sign_in(auditor)
    assert sign(browser) == 422
    assert judge(browser, finding, "breach", "Looked up a neighbour.") == 302
    assert sign(browser) == 302
    finding.refresh_from_db()
    review.refresh_from_db()
    assert (finding.verdict, finding.judged_by) == (Verdict.BREACH, auditor.email)
    assert (review.signed_by, review.note) == (auditor.email, "All well.")
    assert review.signed_at is not None
    (judged,) = AuditEvent.objects.filter(action=Action.JUDGE_FINDING)
    (signed,) = AuditEvent.objects.filter(action=Action.SIGN_REVIEW)
    assert (judged.detail["verdict"], judged.detail["about"]) == ("breach", owner.email)
    assert signed.detail == {"day": "2026-11-02", "findings": 1, "breaches": 1, "events": 3}
    assert sign(browser) == 409
    assert judge(browser, finding) == 409


def test_nobody_judges_what_they_did(review: DailyReview, auditor: User, sign_in: SignIn, make_user: MakeUser) -> None:
    own = finding_about(auditor)
    assert judge(sign_in(auditor), own) == 403
    assert b"somebody else judges it" in sign_in(auditor).get(reverse("review-day", args=["2026-11-02"])).content
    assert judge(sign_in(make_user("admin", Role.ADMIN)), own) == 302


def test_the_database_holds_that_too(auditor: User) -> None:
    own = finding_about(auditor)
    values = {"verdict": "fine", "judged_by": auditor.email, "judged_by_id_text": str(auditor.public_id)}
    with pytest.raises(IntegrityError), transaction.atomic():
        UnusualAccess.objects.filter(pk=own.pk).update(judged_at=datetime.now(UTC), **values)


def test_an_administrator_judges_auditors_alone(
    review: DailyReview, owner: User, sign_in: SignIn, make_user: MakeUser
) -> None:
    browser = sign_in(make_user("admin", Role.ADMIN))
    assert judge(browser, finding_about(owner)) == 403
    assert sign(browser) == 403


def test_other_institutions_findings_are_not_there(
    review: DailyReview, outsider: User, auditor: User, sign_in: SignIn
) -> None:
    assert judge(sign_in(auditor), finding_about(outsider)) == 404


def test_what_is_not_in_order_needs_words(review: DailyReview, auditor: User, owner: User, sign_in: SignIn) -> None:
    finding = finding_about(owner)
    response = sign_in(auditor).post(reverse("review-judge", args=[finding.public_id]), {"verdict": "breach"})
    assert response.status_code == 422
    assert "Say what is to be followed up" in response.content.decode()
    finding.refresh_from_db()
    assert finding.verdict == ""


def test_what_is_followed_up_can_be_settled_after_the_signature(
    review: DailyReview, auditor: User, owner: User, sign_in: SignIn
) -> None:
    finding = finding_about(owner)
    browser = sign_in(auditor)
    judge(browser, finding, "follow-up", "Ask the ward.")
    assert sign(browser) == 302
    assert b"Ask the ward." in browser.get(reverse("review-list")).content
    assert judge(browser, finding, "fine", "The ward had asked for it.") == 302
    assert judge(browser, finding, "breach", "Changed my mind.") == 409
    assert [e.detail["before"] for e in AuditEvent.objects.filter(action=Action.JUDGE_FINDING).order_by("id")] == [
        "",
        "follow-up",
    ]


def test_a_day_that_goes_on_is_not_signed(review: DailyReview, auditor: User, sign_in: SignIn) -> None:
    DailyReview.objects.filter(pk=review.pk).update(ends_at=datetime.now(UTC) + timedelta(hours=1))
    assert sign(sign_in(auditor)) == 422
    assert not AuditEvent.objects.filter(action=Action.SIGN_REVIEW).exists()


def test_a_signature_asks_who_one_is_when_the_sign_in_is_old(
    review: DailyReview, auditor: User, sign_in: SignIn
) -> None:
    browser = sign_in(auditor, minutes_ago=30)  # type: ignore[call-arg] # the cast's own
    assert sign(browser) == 302
    review.refresh_from_db()
    assert review.signed_at is None


def test_days_that_wait_too_long_are_overdue(review: DailyReview, auditor: User, sign_in: SignIn) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    DailyReview.objects.create(institution=auditor.institution, day=yesterday.date(), ends_at=yesterday)
    page = sign_in(auditor).get(reverse("review-list")).content.decode()
    assert "1 day overdue." in page
    assert page.count(">Overdue<") == 1
    assert page.count(">To be signed<") == 1


def test_the_days_page_leads_to_the_events(review: DailyReview, auditor: User, owner: User, sign_in: SignIn) -> None:
    shown = event_of(owner, OVER - timedelta(hours=5), Action.DENIED)
    event_of(owner, OVER - timedelta(hours=4), Action.DENIED)
    finding = finding_about(owner, events=[str(shown.public_id)])
    browser = sign_in(auditor)
    assert f"?finding={finding.public_id}" in browser.get(reverse("review-day", args=["2026-11-02"])).content.decode()
    page = browser.get(reverse("audit-list"), {"finding": str(finding.public_id)}).content.decode()
    assert reverse("audit-event", args=[shown.public_id]) in page
    assert page.count(reverse("audit-person", args=[owner.public_id])) == 1
