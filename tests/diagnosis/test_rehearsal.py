"""The upgrade rehearsal: what it compares, how it goes on after a stop, and who sees what of it."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.errors import Conflict, DomainError
from accounts.models import Action, AuditEvent, Role, User
from diagnosis import rehearsal as job_module
from diagnosis.image_reading import pixels_of
from diagnosis.models import Case, FnaBatch, InstalledModel, Instance, Prediction, Rehearsal, RehearsedAnswer
from diagnosis.rehearsal import past_answers
from diagnosis.rehearsal_selectors import KINDS, findings, flips
from diagnosis.services.activation import approve_activation, propose_activation
from diagnosis.services.image_routing import settle_reading
from diagnosis.services.intake import SampleInput, submit_fna_samples
from diagnosis.services.models import fna_predictor, image_predictor, install_model_files, install_shipped_model
from diagnosis.services.models.files import CARD, WEIGHTS, file_key
from diagnosis.services.rehearsal import start_rehearsal
from diagnosis.services.restriction import restrict
from jobs import services as jobs
from jobs.models import Job, JobStatus
from jobs.runner import run
from ml.fna.predictor import FnaPredictor
from ml.fna.schema import FEATURE_NAMES
from tests.cast import MakeUser, SignIn, wdbc
from tests.studies import ramp, store_image, store_series, store_study

pytestmark = pytest.mark.django_db
Api = Callable[[User], APIClient]


@pytest.fixture
def admin(make_user: MakeUser) -> User:
    return make_user("admin", Role.ADMIN)


@pytest.fixture
def clients(api: Api, owner: User, admin: User, outsider: User) -> tuple[APIClient, APIClient, APIClient]:
    """A clinician's, an administrator's, and that of a clinician of another hospital."""
    return api(owner), api(admin), api(outsider)


@pytest.fixture
def answered(owner: User) -> FnaBatch:
    """Sixty real samples and one that is refused, answered by the shipped model."""
    rows, outcomes = wdbc(60)
    samples = [
        SampleInput(row.tolist(), reference=f"S-{number}", known_outcome=outcome)
        for number, (row, outcome) in enumerate(zip(rows, outcomes, strict=True), start=1)
    ]
    odd = rows[0].copy()
    odd[FEATURE_NAMES.index("texture_mean")] *= 3
    samples.append(SampleInput(odd.tolist(), reference="=ODD()"))
    batch = submit_fna_samples(user=owner, samples=samples, source=FnaBatch.Source.API)
    assert run(batch.job.public_id, worker="test")
    return batch


@pytest.fixture
def rehearsed(answered: FnaBatch, owner: User, candidate: InstalledModel) -> Rehearsal:
    rehearsal = start_rehearsal(user=owner, candidate=candidate)
    assert run(rehearsal.job.public_id, worker="test")
    rehearsal.job.refresh_from_db()
    assert rehearsal.job.status == JobStatus.SUCCEEDED
    return rehearsal


def test_every_answer_is_compared_with_what_the_bare_candidate_says(
    rehearsed: Rehearsal, candidate: InstalledModel, answered: FnaBatch
) -> None:
    rows = [sample.measurements for sample in answered.samples.order_by("case__answer_id")]
    bare = fna_predictor(candidate.weights_sha256).predict(rows)
    stored = list(rehearsed.answers.order_by("prediction_id").select_related("prediction"))
    assert len(stored) == 61
    assert [answer.status for answer in stored] == [answer.status for answer in bare]
    for answer, expected in zip(stored, bare, strict=True):
        if expected.probability_malignant is None:
            assert answer.probability is None
        else:  # another row of the tile may round the last bits otherwise
            assert answer.probability == pytest.approx(expected.probability_malignant)
    for answer in stored:
        old = answer.prediction
        assert answer.flips == ((answer.status, answer.finding) != (old.status, old.finding))
    assert any(answer.flips for answer in stored), "the small model should not agree everywhere"
    assert not all(answer.flips for answer in stored)


def test_it_changes_no_answer(answered: FnaBatch, owner: User, candidate: InstalledModel) -> None:
    before = list(Prediction.objects.values())
    cases = list(Case.objects.values())
    run(start_rehearsal(user=owner, candidate=candidate).job.public_id, worker="test")
    assert list(Prediction.objects.values()) == before
    assert list(Case.objects.values()) == cases


def test_the_counts_add_up(rehearsed: Rehearsal) -> None:
    found = findings(rehearsed)
    answers = list(rehearsed.answers.select_related("prediction__case__fna_sample"))
    table = {row.kind: dict(row.cells) for row in found.table}
    for old in KINDS:
        for new in KINDS:
            expected = sum(
                (a.prediction.finding or a.prediction.status) == old and (a.finding or a.status) == new for a in answers
            )
            assert table[old][new] == expected
    assert (found.compared, found.flips) == (61, sum(answer.flips for answer in answers))
    assert found.same == 61 - found.flips
    assert (found.known, found.seen_in_training) == (60, 60)
    right = [
        a.finding == ("malignant" if a.prediction.case.fna_sample.known_outcome else "benign")
        for a in answers
        if a.finding and a.prediction.case.fna_sample.known_outcome is not None
    ]
    assert (found.after.scored, found.after.right) == (len(right), sum(right))
    assert found.before.sensitivity == found.before.malignant_found / found.before.malignant_scored


def test_reversals_come_first_then_the_largest_moves(rehearsed: Rehearsal) -> None:
    listed = list(flips(rehearsed, rehearsed.requested_by))
    assert len(listed) == findings(rehearsed).flips
    keys = [
        (
            0 if answer.finding and answer.prediction.finding else 1,
            -abs((answer.probability or 0) - (answer.prediction.probability or 0)) if answer.moved is not None else 1.0,
        )
        for answer in listed
    ]
    assert keys == sorted(keys)


def test_only_the_newest_answer_of_another_model_at_this_hospital_counts(
    rehearsed: Rehearsal, answered: FnaBatch, owner: User, admin: User, outsider: User
) -> None:
    candidate = rehearsed.candidate
    rows, _ = wdbc(3)
    foreign = [SampleInput(row.tolist()) for row in rows]
    run(
        submit_fna_samples(user=outsider, samples=foreign, source=FnaBatch.Source.API).job.public_id,
        worker="test",
    )
    assert past_answers(rehearsed).count() == 61
    approve_activation(user=admin, activation=propose_activation(user=owner, model=candidate, reason="Try"), note="Yes")
    Job.objects.filter(pk=answered.job.pk).update(status=JobStatus.QUEUED, finished_at=None)
    run(answered.job.public_id, worker="again")
    assert Case.objects.filter(institution=owner.institution, answer__model=candidate).count() == 61
    assert past_answers(rehearsed).count() == 61, "what came after the rehearsal was asked for does not count"
    with pytest.raises(DomainError, match="nothing to compare"):
        start_rehearsal(user=owner, candidate=candidate)
    shipped = Prediction.objects.exclude(model=candidate)[0].model
    assert past_answers(start_rehearsal(user=owner, candidate=shipped)).count() == 61


def test_a_second_attempt_goes_on_where_the_first_stopped(rehearsed: Rehearsal) -> None:
    kept = set(rehearsed.answers.order_by("pk").values_list("pk", flat=True)[:40])
    rehearsed.answers.exclude(pk__in=kept).delete()
    Job.objects.filter(pk=rehearsed.job.pk).update(status=JobStatus.QUEUED, finished_at=None)
    assert run(rehearsed.job.public_id, worker="second")
    now = set(rehearsed.answers.values_list("pk", flat=True))
    assert kept < now
    assert len(now) == 61


def test_cancelling_keeps_what_was_compared(
    answered: FnaBatch, owner: User, candidate: InstalledModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_module, "SAMPLES_AT_ONCE", 20)
    rehearsal = start_rehearsal(user=owner, candidate=candidate)
    predict = FnaPredictor.predict

    def cancel_during_the_second_chunk(self: FnaPredictor, X: object, **kwargs: object) -> object:
        if RehearsedAnswer.objects.exists():
            jobs.cancel(job=rehearsal.job, user=owner)
        return predict(self, X, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(FnaPredictor, "predict", cancel_during_the_second_chunk)
    run(rehearsal.job.public_id, worker="test")
    rehearsal.job.refresh_from_db()
    assert rehearsal.job.status == JobStatus.CANCELLED
    assert rehearsal.answers.count() == 20 == rehearsal.job.progress_done
    monkeypatch.setattr(FnaPredictor, "predict", predict)
    jobs.retry(job=rehearsal.job, user=owner)
    run(rehearsal.job.public_id, worker="test")
    assert rehearsal.answers.count() == 61


@pytest.fixture
def images(owner: User) -> list[Instance]:
    """Three ultrasound images that the shipped model has read."""
    install_shipped_model("US")
    series = store_series(store_study(owner))
    stored = [store_image(owner, series, [ramp(120, 160, shift=9000 * number)]) for number in range(3)]
    for instance in stored:
        settle_reading(instance, owner)
        assert run(Job.objects.get(subject_id=str(instance.public_id)).public_id, worker="test")
    return stored


def test_images_are_rehearsed_as_they_are_shown(
    images: list[Instance], owner: User, us_candidate: InstalledModel
) -> None:
    rehearsal = start_rehearsal(user=owner, candidate=us_candidate)
    assert run(rehearsal.job.public_id, worker="test")
    predictor = image_predictor(us_candidate.weights_sha256)
    answers = {answer.prediction.instance_id: answer for answer in rehearsal.answers.select_related("prediction")}
    assert set(answers) == {instance.pk for instance in images}
    for instance in images:
        (bare,) = predictor.predict([pixels_of(instance, 1)])
        answer = answers[instance.pk]
        assert (answer.status, answer.prediction.model.modality) == (bare.status, "US")
        assert answer.probability == pytest.approx(bare.probability_malignant, abs=1e-4)
        assert answer.prediction.instance == instance


def test_images_that_cannot_be_read_or_wait_for_review_are_left_out(
    images: list[Instance], owner: User, us_candidate: InstalledModel, sign_in: SignIn
) -> None:
    reviewed, lost, kept = images
    rehearsal = start_rehearsal(user=owner, candidate=us_candidate)
    Instance.objects.filter(pk=reviewed.pk).update(state=Instance.State.QUARANTINED)
    storages["phi"].delete(lost.frame_key("0001.raw"))
    run(rehearsal.job.public_id, worker="test")
    rehearsal.job.refresh_from_db()
    assert rehearsal.job.status == JobStatus.SUCCEEDED
    assert [answer.prediction.instance for answer in rehearsal.answers.all()] == [kept]
    assert "1 could no longer be read and is left out" in page(sign_in(owner), "rehearsal-detail", rehearsal.public_id)


def test_a_damaged_candidate_fails_with_advice(
    answered: FnaBatch, owner: User, candidate: InstalledModel, candidate_weights: Path
) -> None:
    rehearsal = start_rehearsal(user=owner, candidate=candidate)
    fna_predictor.cache_clear()
    try:
        for suffix in (WEIGHTS, CARD):
            storages["phi"].delete(file_key(candidate.weights_sha256, suffix))
        run(rehearsal.job.public_id, worker="test")
        rehearsal.job.refresh_from_db()
        assert (rehearsal.job.status, rehearsal.job.error_code) == (JobStatus.FAILED, "model_unavailable")
        assert "install it again" in rehearsal.job.error_message
    finally:
        install_model_files(candidate_weights, modality="FNA")


def test_one_rehearsal_of_a_model_at_a_time(answered: FnaBatch, owner: User, admin: User, outsider: User) -> None:
    shipped = InstalledModel.objects.get()
    with pytest.raises(DomainError, match="nothing to compare"):
        start_rehearsal(user=owner, candidate=shipped)
    Prediction.objects.update(model=InstalledModel.objects.create(modality="FNA", name="Old", card={}))
    start_rehearsal(user=owner, candidate=shipped)
    with pytest.raises(Conflict, match="already waiting or running"):
        start_rehearsal(user=admin, candidate=shipped)
    with pytest.raises(DomainError, match="nothing to compare"):
        start_rehearsal(user=outsider, candidate=shipped)


def test_rehearsing_is_recorded_for_each_case(rehearsed: Rehearsal, owner: User) -> None:
    events = AuditEvent.objects.filter(action=Action.REHEARSE)
    assert events.get(object_type="rehearsal").detail["answers"] == 61
    about = set(events.filter(object_type="case").values_list("patient_pseudonym", flat=True))
    assert about == {str(public_id) for public_id in Case.objects.values_list("public_id", flat=True)}
    assert set(events.filter(object_type="case").values_list("actor", flat=True)) == {owner.email}


def page(browser: Client, route: str, *arguments: object) -> str:
    response = browser.get(reverse(route, args=arguments))
    assert response.status_code == 200
    return response.content.decode()


def test_clinicians_see_the_cases_and_administrators_their_numbers_alone(
    rehearsed: Rehearsal, owner: User, admin: User, sign_in: SignIn
) -> None:
    flip = flips(rehearsed, owner)[0]
    case = flip.prediction.case
    for_clinicians = page(sign_in(owner), "rehearsal-detail", rehearsed.public_id)
    assert reverse("case-detail", args=[case.public_id]) in for_clinicians
    assert f">{case.reference}<" in for_clinicians
    for_administrators = page(sign_in(admin), "rehearsal-detail", rehearsed.public_id)
    assert str(case) in for_administrators
    assert "/cases/" not in for_administrators
    assert case.reference not in for_administrators
    assert reverse("rehearsal-export", args=[rehearsed.public_id]) not in for_administrators
    for shown in (for_clinicians, for_administrators):
        assert "How far the probabilities move" in shown
        assert "Against the known diagnoses" in shown
        assert "flatter" in shown
    looks = AuditEvent.objects.filter(action=Action.SEARCH, object_type="rehearsal")
    assert {event.actor for event in looks} == {owner.email, admin.email}
    assert looks[0].detail == {"shown": min(50, findings(rehearsed).flips)}


def test_a_rehearsal_stands_on_the_proposal(
    rehearsed: Rehearsal, owner: User, admin: User, candidate: InstalledModel, sign_in: SignIn
) -> None:
    proposal = propose_activation(user=owner, model=candidate, reason="Rehearsed")
    assert proposal.rehearsal == rehearsed
    shown = page(sign_in(admin), "activation-detail", proposal.public_id)
    assert reverse("rehearsal-detail", args=[rehearsed.public_id]) in shown
    assert "61</strong> past answers compared" in shown
    assert AuditEvent.objects.get(action=Action.PROPOSE_MODEL).detail["rehearsal"] == str(rehearsed.public_id)


def test_a_running_rehearsal_shows_its_progress(
    answered: FnaBatch, owner: User, candidate: InstalledModel, sign_in: SignIn
) -> None:
    browser = sign_in(owner)
    started = browser.post(reverse("rehearsal-start", args=[candidate.public_id]))
    rehearsal = Rehearsal.objects.get()
    assert started["Location"] == reverse("rehearsal-detail", args=[rehearsal.public_id])
    shown = page(browser, "rehearsal-detail", rehearsal.public_id)
    assert reverse("job-status", args=[rehearsal.job.public_id]) in shown
    assert "Cancel this rehearsal?" in shown
    assert "What would change" not in shown


def test_upl_15_the_export_holds_every_answer_and_no_formula(
    rehearsed: Rehearsal, owner: User, sign_in: SignIn
) -> None:
    response = sign_in(owner).get(reverse("rehearsal-export", args=[rehearsed.public_id]))
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert len(rows) == 61
    (odd,) = [row for row in rows if "ODD" in row["number"]]
    assert (odd["number"], odd["answer"], odd["probability_malignant"]) == ("'=ODD()", "refused", "")
    assert sum(row["flips"] == "yes" for row in rows) == findings(rehearsed).flips
    assert AuditEvent.objects.get(action=Action.EXPORT).detail == {"answers": 61}


def test_the_api_rehearses(
    answered: FnaBatch, candidate: InstalledModel, clients: tuple[APIClient, APIClient, APIClient]
) -> None:
    clinician, administrator, stranger = clients
    assert clinician.post("/api/v1/rehearsals/", {"model": "x"}, format="json").status_code == 400
    made = administrator.post("/api/v1/rehearsals/", {"model": str(candidate.public_id)}, format="json")
    assert made.status_code == 202
    rehearsal = Rehearsal.objects.get()
    run(rehearsal.job.public_id, worker="test")
    url = f"/api/v1/rehearsals/{rehearsal.public_id}/"
    shown = administrator.get(url).json()
    assert (shown["status"], shown["findings"]["compared"]) == ("succeeded", 61)
    assert administrator.get(shown["job_url"]).json()["progress_done"] == 61
    assert administrator.get(f"{url}flips/").status_code == 403
    listed = clinician.get(f"{url}flips/").json()
    assert listed["count"] == shown["findings"]["flips"] == findings(rehearsal).flips
    assert listed["results"][0]["on_file"] != listed["results"][0]["candidate"]
    for address in (url, f"{url}flips/"):
        assert stranger.get(address).status_code == 404
    assert stranger.get("/api/v1/rehearsals/").json()["results"] == []


def test_a_rehearsal_counts_restricted_cases_and_names_none(
    rehearsed: Rehearsal, owner: User, colleague: User, sign_in: SignIn
) -> None:
    flip = flips(rehearsed, owner)[0]
    case, compared = flip.prediction.case, findings(rehearsed).compared
    seen = flips(rehearsed, colleague).count()
    restrict(user=owner, record=case, reason="wish")
    assert findings(rehearsed).compared == compared
    assert flips(rehearsed, colleague).count() == seen - 1
    export = reverse("rehearsal-export", args=[rehearsed.public_id])
    assert str(case.public_id) not in sign_in(colleague).get(export).content.decode()
    assert str(case.public_id) in sign_in(owner).get(export).content.decode()
