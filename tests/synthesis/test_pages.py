"""Sources, orders and the catalogue: what each role is shown, what a wrong form says, how a running order renews."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Action, AuditEvent, Role, User
from jobs.models import JobStatus
from synthesis.models import SourceDataset, Stage, SyntheticSet
from tests.cast import AWAY, MakeUser, SignIn
from tests.synthesis.stored import store_file, store_gallery, store_order, store_source, store_training

pytestmark = pytest.mark.django_db

EVIL = "<script>alert(1)</script>"
ORDER = {
    "title": "For a course",
    "count_benign": "20",
    "count_malignant": "10",
    "architecture": "tabular-gan",
    "effort": "quick",
    "privacy": "none",
    "licence": "CC-BY-4.0",
}


@pytest.fixture
def rita(make_user: MakeUser) -> User:
    """The researcher who orders."""
    return make_user("rita", Role.RESEARCHER)


@pytest.fixture
def ada(make_user: MakeUser) -> User:
    """The administrator."""
    return make_user("ada", Role.ADMIN)


@pytest.fixture
def source(ada: User) -> SourceDataset:
    """A released table."""
    return store_source(ada, problems=[{"file": "row 7", "message": "Radius is missing."}])


Text = Callable[..., str]


@pytest.fixture
def text(sign_in: SignIn) -> Text:
    """What a page shows somebody, with its status."""

    def get(user: User, route: str, *arguments: Any, query: str = "", status: int = 200) -> str:
        answer = sign_in(user).get(reverse(route, args=arguments) + query)
        assert answer.status_code == status
        return " ".join(unescape(answer.content.decode()).split())

    return get


def test_researchers_see_released_sources_and_may_order_from_them(rita: User, ada: User, text: Text) -> None:
    store_source(ada, name="Released one")
    store_source(ada, name="A draft", status="draft", released_by=None, released_at=None)
    shown = text(rita, "source-list")
    assert "Released one" in shown
    assert "A draft" not in shown
    assert "Add a source" not in shown
    assert 'Order<span class="nhsuk-u-visually-hidden"> from Released one' in shown


def test_administrators_see_every_source_with_its_state(ada: User, text: Text) -> None:
    store_source(ada, name="A draft", status="draft", released_by=None, released_at=None)
    shown = text(ada, "source-list")
    assert "A draft" in shown
    assert "Not released" in shown
    assert reverse("source-new") in shown
    assert reverse("order-new") not in shown


def test_lists_without_rows_say_what_to_do(rita: User, ada: User, text: Text) -> None:
    assert "Nothing is released yet" in text(rita, "source-list")
    assert "No sources yet" in text(ada, "source-list")
    assert "No orders yet" in text(rita, "order-list")
    assert "Nothing is released yet" in text(rita, "order-new")
    assert "Nothing is published yet" in text(rita, "synthetic-set-list")


def test_only_administrators_read_what_was_left_out(rita: User, ada: User, source: SourceDataset, text: Text) -> None:
    assert "row 7: Radius is missing." in text(ada, "source-detail", source.public_id)
    shown = text(rita, "source-detail", source.public_id)
    assert "Radius is missing" not in shown
    assert "Vote 12/2024" in shown
    assert "Order from this source" in shown


def test_a_source_is_withdrawn_with_a_reason_and_names_what_was_made(
    rita: User, ada: User, source: SourceDataset, sign_in: SignIn
) -> None:
    store_order(rita, source, title="Made from it")
    browser = sign_in(ada)
    url = reverse("source-withdraw", args=[source.public_id])
    refused = browser.post(url, {"reason": ""})
    assert refused.status_code == 422
    assert "Say why the source is withdrawn." in refused.content.decode()
    answer = browser.post(url, {"reason": "Consent withdrawn"}, follow=True)
    shown = " ".join(unescape(answer.content.decode()).split())
    assert "Consent withdrawn" in shown
    assert "Made from it" in shown
    assert "One set that was made from it is listed below" in shown
    assert "Release for synthesis" not in shown


def test_dangerous_acts_ask_for_a_fresh_sign_in(rita: User, ada: User, source: SourceDataset, sign_in: SignIn) -> None:
    order = store_order(rita, source, stage=Stage.AWAITING_APPROVAL)
    browser = sign_in(ada, minutes_ago=600)
    for route, one in (
        ("source-release", source),
        ("source-withdraw", source),
        ("order-approve", order),
        ("order-reject", order),
        ("order-withdraw", order),
    ):
        answer = browser.post(
            reverse(route, args=[one.public_id]), {"note": "x", "reason": "x", "audience": "everyone"}
        )
        assert answer.status_code == 302
        assert "reauthenticate" in answer["Location"]
    order.refresh_from_db()
    assert order.stage == Stage.AWAITING_APPROVAL


def test_a_researcher_places_an_order(rita: User, source: SourceDataset, sign_in: SignIn) -> None:
    answer = sign_in(rita).post(f"{reverse('order-new')}?source={source.public_id}", ORDER)
    order = SyntheticSet.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == reverse("order-detail", args=[order.public_id])
    assert (order.title, order.counts) == ("For a course", {"benign": 20, "malignant": 10})
    assert (order.epsilon, order.ordered_by, order.size) == (None, rita, None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title": ""}, "Title: Give the set a title."),
        ({"count_benign": "some"}, "Benign: Enter a whole number, such as 500."),
        ({"count_benign": "0", "count_malignant": "0"}, "Benign: Order at least one record of some class."),
        ({"architecture": "cgan"}, "Generator: Select a valid choice."),
        ({"seed": "-1"}, "Seed: Ensure this value is greater than or equal to 0."),
        ({"count_benign": "40000", "count_malignant": "40000"}, "Benign: Order from 30 to 50,000 records in all"),
    ],
)
def test_a_wrong_order_says_what_to_mend(
    rita: User, source: SourceDataset, sign_in: SignIn, changes: dict[str, str], message: str
) -> None:
    answer = sign_in(rita).post(f"{reverse('order-new')}?source={source.public_id}", ORDER | changes)
    assert answer.status_code == 422
    assert message in unescape(answer.content.decode())
    assert not SyntheticSet.objects.exists()


def test_a_guarantee_needs_a_generator_that_keeps_it(rita: User, ada: User, sign_in: SignIn) -> None:
    pictures = store_source(ada, kind="image")
    asked = ORDER | {"architecture": "stylegan", "privacy": "3", "size": "64"}
    url = f"{reverse('order-new')}?source={pictures.public_id}"
    browser = sign_in(rita)
    answer = browser.post(url, asked)
    assert answer.status_code == 422
    assert "StyleGAN-type cannot be trained with a guarantee. Choose CGAN above" in answer.content.decode()
    assert browser.post(url, asked | {"architecture": "cgan"}).status_code == 302
    assert SyntheticSet.objects.get().epsilon == 3


def test_the_form_recommends_first_and_warns_of_what_derives_from_patients(rita: User, ada: User, text: Text) -> None:
    pictures = store_source(ada, kind="image")
    shown = text(rita, "order-new", query=f"?source={pictures.public_id}")
    assert shown.index("Optimized CGAN") < shown.index("CycleGAN")
    assert "never call it anonymous" in shown
    assert 'value="optimized-cgan" aria-describedby="id_architecture_0-hint" checked' in shown
    assert "δ = 0.00001" in shown
    table = text(rita, "order-new", query=f"?source={store_source(ada, name='Table').public_id}")
    assert "CycleGAN" not in table
    assert "Size of the pictures" not in table


def test_a_new_version_begins_with_the_order_that_it_replaces(
    rita: User, ada: User, source: SourceDataset, sign_in: SignIn, text: Text
) -> None:
    old = store_order(rita, source, stage=Stage.PUBLISHED, decided_by=ada, title="Old title")
    query = f"?source={source.public_id}&replaces={old.public_id}"
    assert 'value="Old title"' in text(rita, "order-new", query=query)
    sign_in(rita).post(reverse("order-new") + query, ORDER)
    new = SyntheticSet.objects.exclude(pk=old.pk).get()
    assert (new.version, new.replaces) == (2, old)


def test_the_estimate_follows_the_form(rita: User, source: SourceDataset, sign_in: SignIn) -> None:
    browser = sign_in(rita)
    url = f"{reverse('order-estimate')}?source={source.public_id}"
    answer = browser.post(url, ORDER | {"title": ""})
    assert "30 rows" in answer.content.decode()
    assert "about" in answer.content.decode()
    assert "<html" not in answer.content.decode()
    wrong = browser.post(url, ORDER | {"count_benign": "many"})
    assert wrong.status_code == 200
    assert "Benign: Enter a whole number" in wrong.content.decode()
    other = browser.post(url, ORDER | {"title": "x" * 500, "count_benign": "-1"})
    assert "Benign: A count is not negative." in other.content.decode()


def test_orders_are_found_by_stage_words_and_person(
    rita: User, ada: User, make_user: MakeUser, source: SourceDataset, text: Text
) -> None:
    colin = make_user("colin", Role.RESEARCHER)
    store_order(rita, source, title="Alpha", stage=Stage.BLOCKED)
    store_order(colin, source, title="Beta")
    everything = text(rita, "order-list")
    assert "Alpha" in everything
    assert "Beta" in everything
    assert "Beta" not in text(rita, "order-list", query="?stage=blocked")
    assert "Beta" not in text(rita, "order-list", query="?whose=mine")
    assert "Alpha" not in text(rita, "order-list", query="?text=beta")
    assert "No order fits" in text(rita, "order-list", query="?text=gamma")
    assert AuditEvent.objects.filter(action=Action.SEARCH, object_type="synthetic-set").count() == 5


def test_a_running_order_shows_progress_curves_and_grids(rita: User, ada: User, text: Text) -> None:
    order = store_order(rita, store_source(ada, kind="image"))
    store_training(order)
    shown = text(rita, "order-detail", order.public_id)
    assert "35% done" in shown
    assert f'hx-get="{reverse("order-progress", args=[order.public_id])}"' in shown
    assert '"X-Lobule-Poll": "1"' in shown
    assert r'{"name": "Fr\u00e9chet distance", "ink": 0, "dash": 0, "steps": [100, 200, 300]' in shown
    assert reverse("order-grid", args=[order.public_id, 300]) in shown
    assert "Decide on its release" not in shown


def test_progress_renews_itself_and_stops_when_the_work_is_done(
    rita: User, source: SourceDataset, sign_in: SignIn
) -> None:
    order = store_order(rita, source)
    browser = sign_in(rita)
    url = reverse("order-progress", args=[order.public_id])
    before = AuditEvent.objects.count()
    answer = browser.get(url, headers={"X-Lobule-Poll": "1"})
    assert (answer.status_code, "HX-Refresh" in answer) == (200, False)
    assert "<html" not in answer.content.decode()
    done = store_order(rita, source, stage=Stage.AWAITING_APPROVAL)
    ended = browser.get(reverse("order-progress", args=[done.public_id]), headers={"X-Lobule-Poll": "1"})
    assert (ended.status_code, ended["HX-Refresh"]) == (286, "true")
    assert AuditEvent.objects.count() == before


def test_only_who_may_see_the_job_is_offered_to_cancel_it(
    rita: User, ada: User, make_user: MakeUser, source: SourceDataset, text: Text
) -> None:
    order = store_order(rita, source)
    cancel = reverse("job-cancel", args=[order.job.public_id])
    assert cancel in text(rita, "order-detail", order.public_id)
    assert cancel in text(ada, "order-detail", order.public_id)
    assert cancel not in text(make_user("colin", Role.RESEARCHER), "order-detail", order.public_id)


def test_a_stopped_order_can_go_on(rita: User, source: SourceDataset, text: Text) -> None:
    order = store_order(rita, source)
    type(order.job).objects.filter(pk=order.job.pk).end(JobStatus.CANCELLED)
    shown = text(rita, "order-detail", order.public_id)
    assert "Cancelled" in shown
    assert "Go on where it stopped" in shown


def test_a_blocked_order_says_why(rita: User, ada: User, source: SourceDataset, text: Text) -> None:
    shown = text(rita, "order-detail", store_order(rita, source, stage=Stage.BLOCKED).public_id)
    assert "Blocked by the release gate" in shown
    assert "Records are copies." in shown
    assert "Exact copies: 3, none allowed." in shown
    assert "Exceeded" in shown
    assert "Order anew with other settings" in shown


def test_the_second_person_approves_and_the_orderer_cannot(
    rita: User, ada: User, source: SourceDataset, sign_in: SignIn, text: Text
) -> None:
    order = store_order(rita, source, stage=Stage.AWAITING_APPROVAL)
    assert "Decide on its release" not in text(rita, "order-detail", order.public_id)
    shown = text(ada, "order-detail", order.public_id)
    assert shown.index("Passport") < shown.index("Decide on its release")
    assert "the words of dcr_share" in shown.lower()
    browser = sign_in(ada)
    url = reverse("order-approve", args=[order.public_id])
    refused = browser.post(url, {"audience": "everyone", "note": ""})
    assert refused.status_code == 422
    assert "Say what your decision rests on." in refused.content.decode()
    assert browser.post(url, {"audience": "everyone", "note": "Figures are fine."}).status_code == 302
    order.refresh_from_db()
    assert (order.stage, order.audience, order.decided_by) == (Stage.PUBLISHING, "everyone", ada)


def test_a_rejection_needs_no_audience(
    rita: User, ada: User, source: SourceDataset, sign_in: SignIn, text: Text
) -> None:
    order = store_order(rita, source, stage=Stage.AWAITING_APPROVAL)
    sign_in(ada).post(reverse("order-reject", args=[order.public_id]), {"note": "Too few of them."})
    assert "Too few of them." in text(rita, "order-detail", order.public_id)
    order.refresh_from_db()
    assert order.stage == Stage.REJECTED


def test_the_orderer_withdraws(rita: User, ada: User, source: SourceDataset, sign_in: SignIn, text: Text) -> None:
    order = store_order(rita, source, stage=Stage.PUBLISHED, decided_by=ada)
    url = reverse("order-withdraw", args=[order.public_id])
    assert sign_in(rita).post(url, {"reason": ""}).status_code == 422
    sign_in(rita).post(url, {"reason": "A patient said no."})
    assert "A patient said no." in text(rita, "order-detail", order.public_id)
    assert "Its files can no longer be downloaded" in text(rita, "synthetic-set-detail", order.public_id)


def test_the_gallery_is_for_administrators_and_leaves_a_trace(rita: User, ada: User, text: Text) -> None:
    order = store_order(rita, store_source(ada, kind="image"), stage=Stage.AWAITING_APPROVAL)
    store_gallery(order)
    assert "Nearest real pictures" not in text(rita, "order-detail", order.public_id)
    text(rita, "order-gallery", order.public_id, status=403)
    text(rita, "order-gallery-picture", order.public_id, 0, "real", status=403)
    shown = text(ada, "order-gallery", order.public_id)
    assert reverse("order-gallery-picture", args=[order.public_id, 0, "real"]) in shown
    event = AuditEvent.objects.latest("id")
    assert (event.action, event.detail["gallery"]) == (Action.VIEW, 1)
    text(ada, "order-gallery-picture", order.public_id, 0, "other", status=404)


def test_each_look_at_a_real_picture_is_recorded(rita: User, ada: User, sign_in: SignIn) -> None:
    order = store_order(rita, store_source(ada, kind="image"), stage=Stage.AWAITING_APPROVAL)
    store_gallery(order)
    client = sign_in(ada)
    before = AuditEvent.objects.latest("id").pk
    assert client.get(reverse("order-gallery-picture", args=[order.public_id, 0, "synthetic"])).status_code == 200
    assert not AuditEvent.objects.filter(pk__gt=before).exists()
    assert client.get(reverse("order-gallery-picture", args=[order.public_id, 0, "real"])).status_code == 200
    (event,) = AuditEvent.objects.filter(pk__gt=before)
    assert (event.action, event.detail["gallery_rank"]) == (Action.VIEW, 0)


def test_runs_are_compared_and_differences_marked(rita: User, ada: User, source: SourceDataset, text: Text) -> None:
    one = store_order(rita, source, title="First", stage=Stage.AWAITING_APPROVAL)
    two = store_order(rita, source, title="Second", stage=Stage.BLOCKED, seed=8)
    store_training(one)
    query = f"?order={one.public_id}&order={two.public_id}"
    shown = text(rita, "order-compare", query=query)
    assert 'lobule-compare__differs"> <th class="nhsuk-table__header" scope="row">Seed' in shown
    assert 'nhsuk-table__row"> <th class="nhsuk-table__header" scope="row">Source' in shown
    assert '<strong>0<span class="nhsuk-u-visually-hidden"> (best)' in shown
    assert '"name": "A: First: generator"' in shown
    assert "Choose at least two orders" in text(rita, "order-compare", query=f"?order={one.public_id}")


def test_other_institutions_orders_are_not_compared(
    rita: User, ada: User, make_user: MakeUser, source: SourceDataset, text: Text
) -> None:
    stranger = make_user("stranger", Role.RESEARCHER, hospital=AWAY)
    order = store_order(rita, source)
    assert "Choose at least two" in text(stranger, "order-compare", query=f"?order={order.public_id}&order=nonsense")
    text(stranger, "order-detail", order.public_id, status=404)
    text(stranger, "source-detail", source.public_id, status=404)


def test_titles_and_names_are_escaped_everywhere(rita: User, ada: User, sign_in: SignIn) -> None:
    source = store_source(ada, name=EVIL, description=EVIL)
    order = store_order(rita, source, title=EVIL, stage=Stage.PUBLISHED, decided_by=ada, decision_note=EVIL)
    store_training(order)
    browser: Client = sign_in(rita)
    for url in (
        reverse("source-list"),
        reverse("source-detail", args=[source.public_id]),
        reverse("order-list"),
        reverse("order-new"),
        f"{reverse('order-new')}?source={source.public_id}",
        reverse("order-detail", args=[order.public_id]),
        f"{reverse('order-compare')}?order={order.public_id}&order={store_order(rita, source, title=EVIL).public_id}",
        reverse("synthetic-set-list"),
        reverse("synthetic-set-detail", args=[order.public_id]),
    ):
        shown = browser.get(url).content.decode()
        assert "alert(1)" in shown, url
        assert EVIL not in shown, url


def test_the_catalogue_shows_clinicians_and_auditors_published_sets_alone(
    rita: User, ada: User, make_user: MakeUser, source: SourceDataset, text: Text
) -> None:
    store_order(rita, source, title="Hidden", stage=Stage.AWAITING_APPROVAL)
    order = store_order(rita, source, title="There", stage=Stage.PUBLISHED, decided_by=ada)
    store_file(order)
    for role in (Role.CLINICIAN, Role.AUDITOR):
        user = make_user(role.value, role)
        shown = text(user, "synthetic-set-list")
        assert "There" in shown
        assert "Hidden" not in shown
        page = text(user, "synthetic-set-detail", order.public_id)
        assert reverse("synthetic-set-file", args=[order.public_id, "set.zip"]) in page
        assert "The order, with its training curves" not in page


def test_the_catalogue_is_narrowed_by_class_privacy_and_kind(
    rita: User, ada: User, source: SourceDataset, text: Text
) -> None:
    published = {"stage": Stage.PUBLISHED, "decided_by": ada}
    store_order(rita, source, title="Benign only", counts={"benign": 5}, **published)
    store_order(rita, source, title="Guaranteed", epsilon=3, delta=1e-5, **published)
    assert "Benign only" not in text(rita, "synthetic-set-list", query="?holds=malignant")
    assert "Benign only" not in text(rita, "synthetic-set-list", query="?privacy=guarantee")
    assert "Guaranteed" not in text(rita, "synthetic-set-list", query="?privacy=none")
    assert "No set fits" in text(rita, "synthetic-set-list", query="?kind=image")
    assert "ε = 3" in text(rita, "synthetic-set-list", query="?holds=malignant")


def test_a_published_set_says_how_to_cite_it_and_names_its_other_versions(
    rita: User, ada: User, source: SourceDataset, text: Text
) -> None:
    old = store_order(rita, source, stage=Stage.PUBLISHED, decided_by=ada)
    new = store_order(rita, source, stage=Stage.PUBLISHED, decided_by=ada, replaces=old, version=2)
    shown = text(rita, "synthetic-set-detail", old.public_id)
    assert "North Hospital (" in shown
    assert "Synthetic aspirates, version 1 [synthetic data set]" in shown
    assert 'data-copy="citation"' in shown
    assert f'There is a newer version: <a href="{reverse("synthetic-set-detail", args=[new.public_id])}"' in shown
    assert "Version 1</a>" in text(rita, "synthetic-set-detail", new.public_id)


def test_what_was_never_published_has_no_page_in_the_catalogue(rita: User, source: SourceDataset, text: Text) -> None:
    order = store_order(rita, source, stage=Stage.AWAITING_APPROVAL)
    text(rita, "synthetic-set-detail", order.public_id, status=404)
