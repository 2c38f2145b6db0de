"""What the synthesis pages say in words: whom a guarantee protects, what is derived from patients, what was found."""

from collections.abc import Callable
from html import unescape

import pytest
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import User
from jobs.models import Job, JobStatus
from synthesis.forms.words import privacy_words
from synthesis.models import Stage, SyntheticSet
from synthesis.passport_page import held_against, sections_of
from tests.cast import SignIn
from tests.synthesis.stored import passport_of, store_file, store_gallery, store_order, store_source

pytestmark = pytest.mark.django_db

Page = Callable[..., str]


@pytest.fixture
def page(sign_in: SignIn) -> Page:
    """What somebody reads on a page."""

    def read(user: User, route: str, *arguments: object, query: str = "") -> str:
        answer = sign_in(user).get(reverse(route, args=arguments) + query)
        assert answer.status_code == 200
        return " ".join(unescape(answer.content.decode()).split())

    return read


def test_a_guarantee_protects_patients_only_where_the_source_knows_them(
    researcher: User, admin: User, page: Page
) -> None:
    without = store_source(admin, kind="image", patients=None)
    shown = page(researcher, "order-new", query=f"?source={without.public_id}")
    assert "a given picture was in the source" in shown
    assert "Tables" not in shown
    known = store_source(admin, kind="image", patients=60, name="Known patients")
    assert "a given patient was in the source" in page(researcher, "order-new", query=f"?source={known.public_id}")
    said = "does not say which pictures are of one patient"
    assert said in page(researcher, "source-detail", without.public_id)
    assert said not in page(researcher, "source-detail", known.public_id)


def test_every_guarantee_has_words_for_each_kind() -> None:
    assert list(privacy_words("image", "picture")) == list(privacy_words("fna", "row")) == ["none", "8", "3", "1"]
    assert "Pictures" not in " ".join(words.text for words in privacy_words("fna", "row").values())


def test_what_is_derived_from_patients_says_so_wherever_the_order_is_shown(
    researcher: User, admin: User, page: Page
) -> None:
    pictures = store_source(admin, kind="image")
    derived = store_order(researcher, pictures, architecture="cyclegan")
    assert "(derived from patients)" in page(researcher, "order-list")
    assert "Never call it anonymous." in page(researcher, "order-detail", derived.public_id)
    drawn = store_order(researcher, pictures)
    assert "Never call it anonymous." not in page(researcher, "order-detail", drawn.public_id)


def test_a_quick_look_is_not_passed_off_as_a_set_to_publish(researcher: User, admin: User, page: Page) -> None:
    source = store_source(admin)
    said = "not meant to be published"
    quick = store_order(researcher, source, stage=Stage.AWAITING_APPROVAL, effort="quick")
    assert said in page(admin, "order-detail", quick.public_id)
    usual = store_order(researcher, source, stage=Stage.AWAITING_APPROVAL, effort="standard")
    assert said not in page(admin, "order-detail", usual.public_id)


def test_a_failed_order_can_be_ordered_with_other_settings(researcher: User, admin: User, page: Page) -> None:
    order = store_order(researcher, store_source(admin))
    Job.objects.filter(pk=order.job.pk).end(JobStatus.FAILED, error_code="cannot_draw", error_message="Too rough.")
    shown = page(researcher, "order-detail", order.public_id)
    assert "order anew with other settings" in shown
    assert "How it was made" in shown


def test_the_grids_rows_are_named(researcher: User, admin: User, page: Page) -> None:
    order = store_order(
        researcher, store_source(admin, kind="image"), counts={"normal": 3, "benign": 2, "malignant": 0}
    )
    assert "Rows from above: benign, normal." in page(researcher, "order-detail", order.public_id)


def test_what_waits_to_be_published_says_so(researcher: User, admin: User) -> None:
    order = store_order(researcher, store_source(admin), stage=Stage.AWAITING_APPROVAL)
    order.stage, order.decided_by = Stage.PUBLISHING, admin
    words = {
        status: render_to_string("synthesis/orders/outcome.html", {"order": order, "job": Job(status=status)})
        for status in (JobStatus.QUEUED, JobStatus.RUNNING)
    }
    assert "once the work before them is done" in words[JobStatus.QUEUED]
    assert "packed and uploaded now" in words[JobStatus.RUNNING]


@pytest.mark.parametrize(("basis", "said"), [("simulated", "which is simulated"), ("public", "are patients’")])
def test_the_gallery_says_whose_pictures_it_shows(
    researcher: User, admin: User, page: Page, basis: str, said: str
) -> None:
    source = store_source(admin, kind="image", consent_basis=basis)
    order = store_order(researcher, source, stage=Stage.AWAITING_APPROVAL)
    store_gallery(order)
    SyntheticSet.objects.filter(pk=order.pk).update(
        gallery=[pair | {"distance": 0.16, "holdout_distance": 0.11} for pair in order.gallery]
    )
    shown = page(admin, "order-gallery", order.public_id)
    assert said in shown
    assert "Drawn as " in shown
    assert "difference 0.160" in shown
    assert "come as close as 0.110" in shown


def test_a_stage_has_one_name_everywhere(researcher: User, admin: User, page: Page) -> None:
    source = store_source(admin)
    orders = [store_order(researcher, source, stage=Stage.AWAITING_APPROVAL) for _ in range(2)]
    listed = page(researcher, "order-list")
    assert ">Waiting for approval</option>" in listed
    assert ">Waiting for approval</strong>" in listed
    compared = page(researcher, "order-compare", query="?" + "&".join(f"order={one.public_id}" for one in orders))
    assert ">Waiting for approval</td>" in compared
    assert ">Quick look</td>" in compared


def test_published_files_say_what_each_is(researcher: User, admin: User, page: Page) -> None:
    order = store_order(researcher, store_source(admin), stage=Stage.PUBLISHED, decided_by=admin)
    store_file(order, name="croissant.json")
    assert "Description for programs, in Croissant" in page(researcher, "synthetic-set-detail", order.public_id)


@pytest.mark.parametrize(
    ("code", "figure", "words"),
    [
        ("near_copies", 29.0, "Near copies: 29, none allowed"),
        (
            "membership_attack",
            0.6123,
            "Strongest membership attack: interval begins at 0.612, interval may not begin above 0.55",
        ),
        ("too_few_records", 12.0, ""),
        ("near_copies", None, ""),
    ],
)
def test_a_reason_of_the_gate_in_figures(code: str, figure: float | None, words: str) -> None:
    assert held_against({"code": code, "figure": figure, "bound": 0.0, "message": ""}) == words


def test_the_passports_words_are_set_as_on_the_rest_of_the_site() -> None:
    passport = passport_of()
    passport["privacy"]["dcr_share"]["words"] = "training row's share (interval at 99.8 %), held-out"
    passport["privacy"]["dcr_share"]["compared_with"] = "-3.71e-05 to 2.97e+03, 2-fold"
    line = next(line for line in sections_of(passport)[2].lines if line.name == "dcr_share")
    assert line.words == "Training row’s share (interval at 99.8%), held-out. Compare with −0.0000371 to 2,970, 2-fold"
