"""What an order's page says when something has happened to its source, its job or its predecessor."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from jobs.models import Job, JobStatus
from synthesis.models import Stage
from synthesis.services.sources import withdraw_source
from tests.cast import SignIn
from tests.synthesis.stored import store_file, store_order, store_source

pytestmark = pytest.mark.django_db


def shown_to(user: User, sign_in: SignIn, route: str, *arguments: object, query: str = "") -> str:
    """A page's text, in one line."""
    answer = sign_in(user).get(reverse(route, args=arguments) + query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize(
    ("stage", "advice"),
    [
        (Stage.MAKING, "withdraw the order."),
        (Stage.AWAITING_APPROVAL, "withdraw the set."),
        (Stage.PUBLISHED, "An administrator decides"),
    ],
)
def test_withdrawn_source_is_told_with_what_to_do(
    stage: Stage, advice: str, researcher: User, admin: User, sign_in: SignIn
) -> None:
    order = store_order(researcher, store_source(admin), stage=stage, decided_by=admin)
    address = reverse("source-detail", args=[order.source.public_id])
    assert address in shown_to(researcher, sign_in, "order-detail", order.public_id)
    withdraw_source(user=admin, source=order.source, reason="Patients said no.")
    shown = shown_to(researcher, sign_in, "order-detail", order.public_id)
    assert "The source was withdrawn" in shown
    assert advice in shown
    assert address not in shown  # researchers see released sources alone
    if stage == Stage.AWAITING_APPROVAL:
        assert "reject the set or withdraw the set" in shown_to(admin, sign_in, "order-detail", order.public_id)


def test_form_for_a_new_version_is_sent_as_one(researcher: User, admin: User, sign_in: SignIn) -> None:
    source = store_source(admin)
    old = store_order(researcher, source, stage=Stage.PUBLISHED, decided_by=admin)
    query = f"?source={source.public_id}&replaces={old.public_id}"
    shown = shown_to(researcher, sign_in, "order-new", query=query)
    assert f'action="{reverse("order-new")}{query.replace("&", "&amp;")}"' in shown
    assert "becomes version 2 of" in shown


def test_order_anew_after_a_failed_version_is_that_version_again(
    researcher: User, admin: User, sign_in: SignIn
) -> None:
    source = store_source(admin)
    old = store_order(researcher, source, stage=Stage.PUBLISHED, decided_by=admin)
    blocked = store_order(researcher, source, stage=Stage.BLOCKED, replaces=old, version=2)
    assert f"&amp;replaces={old.public_id}" in shown_to(researcher, sign_in, "order-detail", blocked.public_id)
    gone = store_order(researcher, source, stage=Stage.WITHDRAWN, decided_by=admin)
    assert f"&amp;replaces={gone.public_id}" in shown_to(researcher, sign_in, "order-detail", gone.public_id)


def test_publishing_that_failed_says_so_and_who_can_go_on(researcher: User, admin: User, sign_in: SignIn) -> None:
    job = Job.objects.create(
        institution=admin.institution,
        requested_by=admin,
        kind="synthesis-publish",
        subject_id="a set",
        queue="synthesis",
        status=JobStatus.FAILED,
        error_code="records_missing",
        error_message="The set’s records are not in the store any more.",
        finished_at=timezone.now(),
        progress_total=70,
    )
    order = store_order(researcher, store_source(admin), stage=Stage.PUBLISHING, decided_by=admin, publishing_job=job)
    assert "Publishing failed" in shown_to(researcher, sign_in, "order-list")
    shown = shown_to(researcher, sign_in, "order-detail", order.public_id)
    assert "packed and uploaded now" not in shown
    assert "An administrator can have it go on, or you withdraw the set" in shown
    assert "Below it can go on where it stopped" in shown_to(admin, sign_in, "order-detail", order.public_id)


def test_newer_version_is_named_to_those_who_may_open_it(
    researcher: User, stranger: User, admin: User, sign_in: SignIn
) -> None:
    source = store_source(admin)
    old = store_order(researcher, source, stage=Stage.PUBLISHED, decided_by=admin, audience="everyone")
    store_order(researcher, source, stage=Stage.PUBLISHED, decided_by=admin, replaces=old, version=2)
    store_file(old)
    assert "There is a newer version" in shown_to(researcher, sign_in, "synthetic-set-detail", old.public_id)
    assert "There is a newer version" not in shown_to(stranger, sign_in, "synthetic-set-detail", old.public_id)


def test_newest_version_is_named_over_one_that_was_withdrawn(researcher: User, admin: User, sign_in: SignIn) -> None:
    source = store_source(admin)
    told = {"decided_by": admin}
    old = store_order(researcher, source, stage=Stage.PUBLISHED, **told)
    gone = store_order(researcher, source, stage=Stage.WITHDRAWN, replaces=old, version=2, **told)
    newest = store_order(researcher, source, stage=Stage.PUBLISHED, replaces=gone, version=3, **told)
    shown = shown_to(researcher, sign_in, "synthetic-set-detail", old.public_id)
    address = reverse("synthetic-set-detail", args=[newest.public_id])
    assert f'There is a newer version: <a href="{address}">version 3</a>' in shown
