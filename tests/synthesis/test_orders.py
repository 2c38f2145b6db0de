"""Ordering a set: what is made of an order, and what is refused, in words."""

from dataclasses import replace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.errors import Conflict, DomainError
from accounts.models import Action, AuditEvent, User
from jobs.models import Job
from synthesis.models import SourceDataset, Stage, SyntheticSet
from synthesis.services import orders
from synthesis.services.orders import MOST_RECORDS, Order, place_order
from tests.synthesis.stored import store_order, store_source

pytestmark = pytest.mark.django_db

TABLE = Order(title="For teaching", architecture="tabular-gan", counts={"benign": 60, "malignant": 40}, seed=5)
PICTURES = replace(TABLE, architecture="optimized-cgan", size=64)


@pytest.fixture
def table(admin: User) -> SourceDataset:
    return store_source(admin)


@pytest.fixture
def scans(admin: User) -> SourceDataset:
    return store_source(admin, name="Scans", kind="image")


def problems(source: SourceDataset, user: User, order: Order) -> dict[str, str]:
    """What is wrong with an order, by field."""
    with pytest.raises(DomainError) as refused:
        place_order(user=user, source=source, order=order)
    assert refused.value.code == "bad_order"
    return {problem["field"]: problem["message"] for problem in refused.value.problems}


def test_order_queues_its_making_and_leaves_one_event(table: SourceDataset, researcher: User) -> None:
    made = place_order(user=researcher, source=table, order=replace(TABLE, title="  For\nteaching "))
    assert (made.title, made.stage, made.kind, made.seed, made.version) == ("For teaching", Stage.MAKING, "fna", 5, 1)
    assert (made.epsilon, made.delta, made.size) == (None, None, None)
    assert (made.job.kind, made.job.queue, made.job.subject_id) == ("synthesis-make", "synthesis", str(made.public_id))
    event = AuditEvent.objects.get()
    assert (event.action, event.object_id_text) == (Action.ORDER_SET, str(made.public_id))
    assert event.detail["source"] == str(table.public_id)


def test_seed_is_drawn_where_none_is_given(table: SourceDataset, researcher: User) -> None:
    seeds = {place_order(user=researcher, source=table, order=replace(TABLE, seed=None)).seed for _ in range(3)}
    assert len(seeds) == 3


def test_budget_is_kept_whole(scans: SourceDataset, researcher: User) -> None:
    made = place_order(user=researcher, source=scans, order=replace(PICTURES, architecture="cgan", epsilon=3.0))
    assert (made.epsilon, made.delta) == (3.0, 1e-5)


def test_only_researchers_of_the_institution_order(
    table: SourceDataset, admin: User, owner: User, auditor: User, stranger: User
) -> None:
    for user in (admin, owner, auditor, stranger):
        with pytest.raises(PermissionDenied):
            place_order(user=user, source=table, order=TABLE)
    assert not SyntheticSet.objects.exists()
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"title": " "}, "title", "title"),
        ({"title": "\x01\n"}, "title", "title"),
        ({"title": "x" * 121}, "title", "120"),
        ({"architecture": "optimized-cgan"}, "architecture", "choose one of tabular-gan"),
        ({"architecture": "nonesuch"}, "architecture", "tabular-gan"),
        ({"counts": {"benign": 60, "normal": 40}}, "counts", "no records of the class “normal”"),
        ({"counts": {"benign": 10, "malignant": 19}}, "counts", "29"),
        ({"counts": {"benign": 60}}, "counts", "malignant records and others"),
        ({"counts": {"malignant": 60}}, "counts", "malignant records and others"),
        ({"counts": {"benign": MOST_RECORDS, "malignant": 1}}, "counts", "50,001"),
        ({"counts": {"benign": -1, "malignant": 99}}, "counts", "not negative"),
        ({"size": 64}, "size", "leave it out"),
        ({"effort": "endless"}, "effort", "quick"),
        ({"epsilon": 0.5}, "epsilon", "1, 3, 8"),
        ({"seed": -1}, "seed", "2,147,483,647"),
        ({"licence": ""}, "licence", "licence"),
    ],
)
def test_orders_of_tables_that_cannot_be_made(
    changes: dict[str, Any], field: str, words: str, table: SourceDataset, researcher: User
) -> None:
    found = problems(table, researcher, replace(TABLE, **changes))
    assert list(found) == [field]
    assert words in found[field]


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"size": None}, "size", "64 or 128"),
        ({"size": 65}, "size", "64 or 128"),
        ({"architecture": "tabular-gan"}, "architecture", "stylegan"),
        ({"counts": {"benign": 20_000, "malignant": 1}}, "counts", "20,000 records in all"),
        ({"counts": {"benign": 9_999, "malignant": 2}, "size": 128}, "counts", "10,000 records in all"),
        ({"epsilon": 3.0}, "epsilon", "choose cgan"),
        ({"architecture": "cgan", "epsilon": 0.5}, "epsilon", "1, 3, 8"),
        ({"architecture": "cgan", "epsilon": 3.0, "delta": 0.5}, "epsilon", "δ"),
    ],
)
def test_orders_of_pictures_that_cannot_be_made(
    changes: dict[str, Any], field: str, words: str, scans: SourceDataset, researcher: User
) -> None:
    found = problems(scans, researcher, replace(PICTURES, **changes))
    assert list(found) == [field]
    assert words in found[field]


def test_all_problems_are_told_at_once(scans: SourceDataset, researcher: User) -> None:
    order = Order(title="", architecture="tabular-gan", counts={}, size=7)
    assert set(problems(scans, researcher, order)) == {"title", "architecture", "counts", "size"}


def test_unreleased_sources_are_not_ordered_from(admin: User, researcher: User) -> None:
    draft = store_source(admin, status="draft", released_by=None, released_at=None)
    gone = store_source(admin, name="Gone", status="withdrawn", withdrawn_by=admin, withdrawn_at=timezone.now())
    for source in (draft, gone):
        with pytest.raises(Conflict, match="not released"):
            place_order(user=researcher, source=source, order=TABLE)


def test_source_withdrawn_since_it_was_read_is_not_ordered_from(table: SourceDataset, researcher: User) -> None:
    SourceDataset.objects.filter(pk=table.pk).update(
        status="withdrawn", withdrawn_by=table.added_by, withdrawn_at=timezone.now()
    )
    with pytest.raises(Conflict, match="withdrawn a moment ago"):
        place_order(user=researcher, source=table, order=TABLE)
    assert not Job.objects.exists()


def test_new_version_replaces_the_one_before_once(table: SourceDataset, researcher: User, admin: User) -> None:
    first = store_order(researcher, table, stage=Stage.PUBLISHED, decided_by=admin)
    second = place_order(user=researcher, source=table, order=replace(TABLE, replaces=first))
    assert (second.version, second.replaces) == (2, first)
    found = problems(table, researcher, replace(TABLE, replaces=first))
    assert "newer version" in found["replaces"]


@pytest.mark.parametrize("stage", [Stage.BLOCKED, Stage.REJECTED, Stage.WITHDRAWN])
def test_version_that_was_never_published_gives_up_its_place(
    stage: Stage, table: SourceDataset, researcher: User, admin: User
) -> None:
    first = store_order(researcher, table, stage=Stage.PUBLISHED, decided_by=admin)
    failed = store_order(researcher, table, stage=stage, decided_by=admin, replaces=first, version=2, published_at=None)
    second = place_order(user=researcher, source=table, order=replace(TABLE, replaces=first))
    failed.refresh_from_db()
    assert (second.version, second.replaces, failed.replaces) == (2, first, None)


def test_version_that_was_withdrawn_after_its_publication_is_replaced_itself(
    table: SourceDataset, researcher: User, admin: User
) -> None:
    first = store_order(researcher, table, stage=Stage.PUBLISHED, decided_by=admin)
    second = store_order(researcher, table, stage=Stage.WITHDRAWN, decided_by=admin, replaces=first, version=2)
    assert "newer version" in problems(table, researcher, replace(TABLE, replaces=first))["replaces"]
    third = place_order(user=researcher, source=table, order=replace(TABLE, replaces=second))
    assert (third.version, third.replaces) == (3, second)


def test_two_orders_of_the_same_version_at_once_are_a_conflict(
    table: SourceDataset, researcher: User, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store_order(researcher, table, stage=Stage.PUBLISHED, decided_by=admin)
    order = replace(TABLE, replaces=first)
    with monkeypatch.context() as late:  # the other order comes between this one's check and its making
        late.setattr(orders, "check_order", lambda **asked: None)
        place_order(user=researcher, source=table, order=order)
        with pytest.raises(Conflict, match="newer version"):
            place_order(user=researcher, source=table, order=order)
    assert SyntheticSet.objects.filter(version=2).count() == 1


def test_version_replaces_a_set_of_its_own_kind(
    table: SourceDataset, scans: SourceDataset, researcher: User, admin: User
) -> None:
    other = store_order(researcher, scans, stage=Stage.PUBLISHED, decided_by=admin)
    found = problems(table, researcher, replace(TABLE, replaces=other))
    assert "same kind" in found["replaces"]
