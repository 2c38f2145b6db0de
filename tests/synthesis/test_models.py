"""What the tables of synthesis refuse, and who sees which rows."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from synthesis.models import Download, PublishedFile, SampleGrid, SourceDataset, Stage, SyntheticSet, TrainingRecord
from tests.synthesis.stored import store_file, store_order, store_source, store_training

pytestmark = pytest.mark.django_db
Status = SourceDataset.Status


@pytest.fixture
def order(researcher: User, admin: User) -> SyntheticSet:
    return store_order(researcher, store_source(admin))


def refuses(row: Any, **changes: Any) -> bool:
    """Whether the database refuses the change."""
    try:
        with transaction.atomic():
            type(row).objects.filter(pk=row.pk).update(**changes)
            transaction.set_rollback(True)
    except IntegrityError:
        return True
    return False


def test_source_is_released_and_withdrawn_by_somebody(admin: User) -> None:
    draft = store_source(admin, status=Status.DRAFT, released_by=None, released_at=None)
    now = timezone.now()
    assert refuses(draft, status=Status.RELEASED)
    assert not refuses(draft, status=Status.RELEASED, released_by=admin, released_at=now)
    assert refuses(draft, status=Status.WITHDRAWN)
    assert not refuses(draft, status=Status.WITHDRAWN, withdrawn_by=admin, withdrawn_at=now)
    assert refuses(draft, consent_reference="")
    assert refuses(draft, records=0)
    assert refuses(draft, kind="mri")


def test_source_names_are_one_institutions_own(admin: User, foreign_admin: User) -> None:
    store_source(admin, name="Aspirates")
    store_source(foreign_admin, name="Aspirates")
    with pytest.raises(IntegrityError), transaction.atomic():
        store_source(admin, name="Aspirates")


def test_set_is_decided_by_a_second_person(order: SyntheticSet, researcher: User, admin: User) -> None:
    now = timezone.now()
    assert refuses(order, decided_by=researcher)
    assert refuses(order, stage=Stage.REJECTED)
    assert refuses(order, stage=Stage.PUBLISHING, passport={"version": 1})
    assert not refuses(order, stage=Stage.PUBLISHING, passport={"version": 1}, decided_by=admin, decided_at=now)


def test_set_goes_nowhere_without_a_passport(order: SyntheticSet, admin: User) -> None:
    reason = [{"code": "exact_copies"}]
    assert refuses(order, stage=Stage.AWAITING_APPROVAL)
    assert refuses(order, stage=Stage.AWAITING_APPROVAL, passport={"version": 1}, reasons=reason)
    assert not refuses(order, stage=Stage.AWAITING_APPROVAL, passport={"version": 1})
    assert refuses(order, stage=Stage.BLOCKED)
    assert not refuses(order, stage=Stage.BLOCKED, reasons=reason)


def test_set_keeps_to_its_form(order: SyntheticSet) -> None:
    assert refuses(order, size=64)  # a table has no size
    assert refuses(order, kind="image")
    assert not refuses(order, kind="image", size=64)
    assert refuses(order, epsilon=3.0)
    assert refuses(order, epsilon=-1.0, delta=1e-5)
    assert not refuses(order, epsilon=3.0, delta=1e-5)
    assert refuses(order, stage="lost")
    assert refuses(order, version=0)
    assert refuses(order, stage=Stage.WITHDRAWN)


def test_training_leaves_one_row_a_step(order: SyntheticSet) -> None:
    store_training(order, steps=1)
    for again in (
        TrainingRecord(set=order, step=100, seconds=1, values={}),
        TrainingRecord(set=order, step=101, seconds=-1, values={}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            again.save()


def test_sources_are_seen_by_their_admins_and_once_released_by_their_researchers(
    admin: User, inside: tuple[User, ...], outside: tuple[User, ...]
) -> None:
    researcher, fellow, _, second_admin = inside
    released = store_source(admin, name="Released")
    draft = store_source(admin, name="Draft", status=Status.DRAFT, released_by=None, released_at=None)
    gone = store_source(admin, name="Gone", status=Status.WITHDRAWN, withdrawn_by=admin, withdrawn_at=timezone.now())

    def seen(user: Any) -> set[SourceDataset]:
        return set(SourceDataset.objects.visible_to(user))

    assert seen(admin) == seen(second_admin) == {released, draft, gone}
    assert seen(researcher) == seen(fellow) == {released}
    for other in (*outside, AnonymousUser()):
        assert seen(other) == set()


def test_unpublished_sets_are_seen_by_their_institutions_researchers_and_admins(
    order: SyntheticSet, inside: tuple[User, ...], outside: tuple[User, ...]
) -> None:
    store_training(order)
    for user in inside:
        assert set(SyntheticSet.objects.visible_to(user)) == {order}
        assert TrainingRecord.objects.visible_to(user).count() == 3
    for other in (*outside, AnonymousUser()):
        assert not SyntheticSet.objects.visible_to(other).exists()
        assert not TrainingRecord.objects.visible_to(other).exists()
        assert not SampleGrid.objects.visible_to(other).exists()


@pytest.mark.parametrize("stage", [Stage.PUBLISHED, Stage.WITHDRAWN])
def test_published_sets_are_seen_by_their_audience_even_once_withdrawn(
    stage: Stage, inside: tuple[User, ...], outside: tuple[User, ...]
) -> None:
    researcher, _, admin, _ = inside
    owner, auditor, stranger, foreign_admin = outside
    source = store_source(admin)
    for_us = store_order(researcher, source, stage=stage, decided_by=admin)
    for_all = store_order(researcher, source, stage=stage, decided_by=admin, audience="everyone")
    for user in (researcher, admin, owner, auditor):
        assert set(SyntheticSet.objects.visible_to(user)) == {for_us, for_all}
    for user in (stranger, foreign_admin):
        assert set(SyntheticSet.objects.visible_to(user)) == {for_all}
        assert not SyntheticSet.objects.made_at(user).exists()
    assert not SyntheticSet.objects.visible_to(AnonymousUser()).exists()


def test_set_withdrawn_before_it_was_published_stays_inside(researcher: User, admin: User, owner: User) -> None:
    order = store_order(
        researcher, store_source(admin), stage=Stage.WITHDRAWN, decided_by=admin, published_at=None, audience="everyone"
    )
    assert set(SyntheticSet.objects.visible_to(researcher)) == {order}
    assert not SyntheticSet.objects.visible_to(owner).exists()


def test_files_of_published_sets_alone_are_seen(researcher: User, admin: User, owner: User, stranger: User) -> None:
    source = store_source(admin)
    published = store_file(store_order(researcher, source, stage=Stage.PUBLISHED, decided_by=admin))
    store_file(store_order(researcher, source, stage=Stage.WITHDRAWN, decided_by=admin))
    store_file(store_order(researcher, source, stage=Stage.PUBLISHING, decided_by=admin))
    for user in (researcher, admin, owner):
        assert set(PublishedFile.objects.visible_to(user)) == {published}
    assert not PublishedFile.objects.visible_to(stranger).exists()


def test_downloads_are_seen_by_the_institutions_admins_and_by_oneself(
    researcher: User, admin: User, stranger: User, foreign_admin: User, owner: User
) -> None:
    order = store_order(researcher, store_source(admin), stage=Stage.PUBLISHED, decided_by=admin, audience="everyone")
    file = store_file(order)
    taken = Download.objects.create(set=order, file=file, name=file.name, person=stranger)
    assert set(Download.objects.visible_to(admin)) == set(Download.objects.visible_to(stranger)) == {taken}
    for other in (foreign_admin, owner, researcher, AnonymousUser()):
        assert not Download.objects.visible_to(other).exists()
    file.delete()
    taken.refresh_from_db()
    assert (taken.file, taken.name) == (None, "set.zip")
