"""A change of model takes two people: who may propose, who may decide, and what is checked again."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.storage import storages
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.errors import Conflict, DomainError
from accounts.models import Action, AuditEvent, Institution, Role, User
from diagnosis.models import InstalledModel, Instance, ModelActivation
from diagnosis.services import activation as services
from diagnosis.services.models import FNA, install_model_files, install_shipped_model, model_in_force
from diagnosis.services.models.files import WEIGHTS, file_key
from jobs.models import Job
from tests.cast import AWAY, MakeUser, SignIn
from tests.studies import ramp, store_image, store_series, store_study

pytestmark = pytest.mark.django_db
Decision = ModelActivation.Decision
Act = Callable[..., ModelActivation]
Api = Callable[[User], APIClient]


@pytest.fixture
def shipped(db: None) -> InstalledModel:
    return install_shipped_model()


@pytest.fixture
def admin(make_user: MakeUser) -> User:
    return make_user("admin", Role.ADMIN)


@pytest.fixture
def proposal(owner: User, shipped: InstalledModel, candidate: InstalledModel) -> ModelActivation:
    return services.propose_activation(user=owner, model=candidate, reason="Fewer refusals")


def test_a_proposal_changes_nothing(proposal: ModelActivation, owner: User, shipped: InstalledModel) -> None:
    assert proposal.decision == Decision.PENDING
    assert model_in_force(FNA, owner.institution) == shipped
    event = AuditEvent.objects.get(action=Action.PROPOSE_MODEL)
    assert event.object_id_text == str(proposal.public_id)
    assert event.detail["model"] == proposal.model.weights_sha256
    assert event.detail["model_in_force"] == shipped.weights_sha256


def test_the_second_person_in_the_other_role_approves(
    proposal: ModelActivation, admin: User, candidate: InstalledModel, outsider: User, shipped: InstalledModel
) -> None:
    services.approve_activation(user=admin, activation=proposal, note="Rehearsed")
    proposal.refresh_from_db()
    assert (proposal.decision, proposal.decided_by, proposal.decision_note) == ("approved", admin, "Rehearsed")
    assert proposal.decided_at is not None
    assert model_in_force(FNA, admin.institution) == candidate
    assert model_in_force(FNA, outsider.institution) == shipped
    assert AuditEvent.objects.get(action=Action.DECIDE_MODEL).detail["decision"] == "approved"


def test_an_administrators_proposal_is_a_clinicians_to_decide(
    owner: User, admin: User, make_user: MakeUser, shipped: InstalledModel, candidate: InstalledModel
) -> None:
    proposal = services.propose_activation(user=admin, model=candidate, reason="New release")
    with pytest.raises(services.NotForYou, match="a clinician of North Hospital decides"):
        services.approve_activation(user=make_user("second", Role.ADMIN), activation=proposal, note="Yes")
    services.approve_activation(user=owner, activation=proposal, note="Yes")
    assert model_in_force(FNA, owner.institution) == candidate


@pytest.mark.parametrize("act", [services.approve_activation, services.reject_activation])
def test_nobody_else_decides(proposal: ModelActivation, make_user: MakeUser, act: Act) -> None:
    others = [
        proposal.proposed_by,
        make_user("colleague"),
        make_user("researcher", Role.RESEARCHER),
        make_user("auditor", Role.AUDITOR),
        make_user("foreign", Role.ADMIN, AWAY),
    ]
    for user in others:
        with pytest.raises(services.NotForYou):
            act(user=user, activation=proposal, note="Yes")
    proposal.refresh_from_db()
    assert proposal.decision == Decision.PENDING
    assert not AuditEvent.objects.filter(action=Action.DECIDE_MODEL).exists()


@pytest.mark.parametrize("role", [Role.RESEARCHER, Role.AUDITOR])
def test_only_clinicians_and_administrators_propose(
    make_user: MakeUser, role: str, shipped: InstalledModel, candidate: InstalledModel
) -> None:
    with pytest.raises(PermissionDenied):
        services.propose_activation(user=make_user("someone", role), model=candidate, reason="Please")


def test_the_database_itself_refuses_one_person_in_both_parts(proposal: ModelActivation) -> None:
    for decision in ("approved", "rejected"):
        with pytest.raises(IntegrityError), transaction.atomic():
            ModelActivation.objects.filter(pk=proposal.pk).update(decision=decision, decided_by=proposal.proposed_by)


def test_reasons_and_notes_are_asked_for(
    owner: User, admin: User, shipped: InstalledModel, candidate: InstalledModel
) -> None:
    with pytest.raises(DomainError, match="Say why") as refused:
        services.propose_activation(user=owner, model=candidate, reason="  ")
    assert refused.value.code == "reason_required"
    proposal = services.propose_activation(user=owner, model=candidate, reason="Better")
    for act in (services.approve_activation, services.reject_activation):
        with pytest.raises(DomainError, match="note"):
            act(user=admin, activation=proposal, note=" \n")


def test_one_proposal_at_a_time_for_each_modality_and_institution(
    proposal: ModelActivation, admin: User, outsider: User, candidate: InstalledModel
) -> None:
    with pytest.raises(Conflict, match="waits for its decision"):
        services.propose_activation(user=admin, model=candidate, reason="Mine too")
    elsewhere = services.propose_activation(user=outsider, model=candidate, reason="Here as well")
    services.withdraw_activation(user=proposal.proposed_by, activation=proposal)
    again = services.propose_activation(user=admin, model=candidate, reason="Mine now")
    assert {elsewhere.decision, again.decision} == {Decision.PENDING}


def test_the_model_that_answers_cannot_be_proposed(owner: User, shipped: InstalledModel) -> None:
    with pytest.raises(Conflict, match="already answers"):
        services.propose_activation(user=owner, model=shipped, reason="More of it")


def test_a_decision_is_taken_once(proposal: ModelActivation, admin: User) -> None:
    stale = ModelActivation.objects.get(pk=proposal.pk)
    services.reject_activation(user=admin, activation=proposal, note="Too many flips")
    with pytest.raises(Conflict, match="settled already: rejected"):
        services.approve_activation(user=admin, activation=stale, note="After all")
    proposal.refresh_from_db()
    assert (proposal.decision, proposal.decision_note) == ("rejected", "Too many flips")
    assert AuditEvent.objects.filter(action=Action.DECIDE_MODEL).count() == 1


def test_only_its_author_withdraws_a_proposal(
    proposal: ModelActivation, owner: User, colleague: User, admin: User
) -> None:
    for other in (colleague, admin):
        with pytest.raises(services.NotForYou, match="Only the person who made a proposal"):
            services.withdraw_activation(user=other, activation=proposal)
    services.withdraw_activation(user=owner, activation=proposal)
    proposal.refresh_from_db()
    assert proposal.decision == Decision.WITHDRAWN


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_a_damaged_file_is_not_approved(
    proposal: ModelActivation, admin: User, harm: str, candidate_weights: Path, shipped: InstalledModel
) -> None:
    key = file_key(proposal.model.weights_sha256, WEIGHTS)
    path = storages["phi"].path(key)
    try:
        if harm == "gone":
            storages["phi"].delete(key)
        else:
            with open(path, "r+b") as kept:  # noqa: PTH123 the storage's own file
                kept.seek(-1, 2)
                last = kept.read(1)
                kept.seek(-1, 2)
                kept.write(bytes([last[0] ^ 1]))
        with pytest.raises(DomainError, match="missing or damaged") as refused:
            services.approve_activation(user=admin, activation=proposal, note="Yes")
        assert refused.value.code == "model_damaged"
        assert model_in_force(FNA, admin.institution) == shipped
    finally:
        install_model_files(candidate_weights, modality=FNA)
    services.approve_activation(user=admin, activation=proposal, note="Installed again")


def test_a_model_that_changed_its_modality_is_not_approved(proposal: ModelActivation, admin: User) -> None:
    InstalledModel.objects.filter(pk=proposal.model.pk).update(modality="MG")
    proposal = ModelActivation.objects.get(pk=proposal.pk)
    with pytest.raises(Conflict, match="does not read FNA"):
        services.approve_activation(user=admin, activation=proposal, note="Yes")


@pytest.mark.parametrize(
    "change", [{"is_active": False}, {"role": Role.RESEARCHER}, {"role": Role.ADMIN}, {"institution": AWAY}]
)
def test_a_proposal_whose_author_left_can_only_be_rejected(
    proposal: ModelActivation, admin: User, colleague: User, change: dict[str, object]
) -> None:
    if "institution" in change:
        change = {"institution": Institution.objects.get_or_create(name=AWAY)[0]}
    User.objects.filter(pk=proposal.proposed_by.pk).update(**change)
    proposal = ModelActivation.objects.get(pk=proposal.pk)
    decider = colleague if proposal.proposed_by.role == Role.ADMIN else admin
    if proposal.proposed_by.role == Role.ADMIN:
        # Now an administrator, the author needs a clinician; a colleague is one.
        services.approve_activation(user=decider, activation=proposal, note="Yes")
        return
    with pytest.raises(Conflict, match="no longer works here"):
        services.approve_activation(user=decider, activation=proposal, note="Yes")
    services.reject_activation(user=decider, activation=proposal, note="Propose it again")


def test_an_older_model_is_brought_back_the_same_way(
    proposal: ModelActivation, owner: User, admin: User, shipped: InstalledModel
) -> None:
    services.approve_activation(user=admin, activation=proposal, note="Yes")
    back = services.propose_activation(user=admin, model=shipped, reason="Too many refusals")
    services.approve_activation(user=owner, activation=back, note="Agreed")
    assert model_in_force(FNA, owner.institution) == shipped


@pytest.mark.parametrize("proposer_is_clinician", [True, False])
def test_a_first_model_reads_the_images_that_waited_for_one(
    owner: User, admin: User, mg_model: InstalledModel, *, proposer_is_clinician: bool
) -> None:
    series = store_series(store_study(owner), "MG")
    unread = store_image(owner, series, [ramp()], reading=Instance.Reading.NOT_READ, reading_reason="No model.")
    proposer, decider = (owner, admin) if proposer_is_clinician else (admin, owner)
    proposal = services.propose_activation(user=proposer, model=mg_model, reason="Our own archive")
    assert not Job.objects.exists()
    services.approve_activation(user=decider, activation=proposal, note="Validated")
    job = Job.objects.get()
    assert (job.kind, job.subject_id) == ("image-reading", str(unread.public_id))
    assert job.requested_by == owner, "the trail is to name the clinician for what the job reads"
    unread.refresh_from_db()
    assert unread.reading == Instance.Reading.WAITING


def test_a_change_of_model_reads_nothing_again(owner: User, admin: User, us_candidate: InstalledModel) -> None:
    install_shipped_model("US")
    series = store_series(store_study(owner))
    store_image(owner, series, [ramp()], reading=Instance.Reading.NOT_READ, reading_reason="No breast ultrasound.")
    proposal = services.propose_activation(user=owner, model=us_candidate, reason="Better")
    services.approve_activation(user=admin, activation=proposal, note="Rehearsed")
    assert model_in_force("US", owner.institution) == us_candidate
    assert not Job.objects.exists()


def page(browser: Client, route: str, *arguments: object) -> str:
    response = browser.get(reverse(route, args=arguments))
    assert response.status_code == 200
    return response.content.decode()


def test_from_proposal_to_approval_by_the_pages(
    owner: User, admin: User, candidate: InstalledModel, sign_in: SignIn
) -> None:
    shipped = install_shipped_model()
    clinician, administrator = sign_in(owner), sign_in(admin)
    asked = page(clinician, "activation-propose", candidate.public_id)
    assert "an administrator of North Hospital" in asked
    assert "No rehearsal has been run" in asked
    assert shipped.weights_sha256 in asked
    assert candidate.weights_sha256 in asked
    unreasoned = clinician.post(reverse("activation-propose", args=[candidate.public_id]), {"reason": ""})
    assert unreasoned.status_code == 422
    clinician.post(reverse("activation-propose", args=[candidate.public_id]), {"reason": "<b>Better</b>"})
    proposal = ModelActivation.objects.get()
    for browser in (clinician, administrator):
        assert "A change waits for a decision" in page(browser, "model-list")
        assert "A change waits for a decision" in page(browser, "model-detail", candidate.public_id)
    assert "A change waits for a decision" in page(clinician, "worklist")
    own = page(clinician, "activation-detail", proposal.public_id)
    assert "Withdraw my proposal" in own
    assert "Save the decision" not in own
    theirs = page(administrator, "activation-detail", proposal.public_id)
    assert "Save the decision" in theirs
    assert "&lt;b&gt;Better" in theirs
    decide = reverse("activation-decide", args=[proposal.public_id])
    assert clinician.post(decide, {"decision": "approve", "note": "Myself"}).status_code == 403
    assert administrator.post(decide, {"decision": "approve"}).status_code == 422
    assert administrator.post(decide, {"note": "Yes"}).status_code == 422
    assert administrator.post(decide, {"decision": "approve", "note": "Yes"}).status_code == 302
    assert administrator.post(decide, {"decision": "approve", "note": "Yes"}).status_code == 409
    shown = page(clinician, "model-list")
    assert "Chosen here: proposed by Owner, approved by Admin" in shown
    assert "A change waits" not in shown
    assert "Approved" in page(clinician, "activation-list")
    assert "No validated model for mammography is installed" in shown


def test_another_hospital_sees_nothing_of_it(proposal: ModelActivation, outsider: User, sign_in: SignIn) -> None:
    browser = sign_in(outsider)
    assert browser.get(reverse("activation-detail", args=[proposal.public_id])).status_code == 404
    assert "No change yet" in page(browser, "activation-list")
    assert "A change waits" not in page(browser, "model-list")


def test_the_api_proposes_and_decides(
    owner: User, admin: User, outsider: User, candidate: InstalledModel, api: Api
) -> None:
    shipped = install_shipped_model()
    clinician, administrator, stranger = (api(user) for user in (owner, admin, outsider))
    url = f"/api/v1/models/{candidate.public_id}/activations/"
    assert clinician.post(url, {}, format="json").status_code == 400
    made = clinician.post(url, {"reason": "Better"}, format="json")
    assert made.status_code == 201
    own = f"/api/v1/activations/{made.json()['id']}/"
    assert clinician.post(url, {"reason": "Again"}, format="json").json()["code"] == "proposal_waits_already"
    assert clinician.post(f"{own}approve/", {"note": "Me"}, format="json").json()["code"] == "needs_the_other_person"
    assert stranger.post(f"{own}approve/", {"note": "Me"}, format="json").status_code == 404
    assert administrator.post(f"{own}withdraw/", format="json").json()["code"] == "not_your_proposal"
    approved = administrator.post(f"{own}approve/", {"note": "Yes"}, format="json")
    assert (approved.status_code, approved.json()["decision"]) == (200, "approved")
    assert administrator.post(f"{own}reject/", {"note": "No"}, format="json").json()["code"] == "decided_already"

    def answering(client: APIClient) -> set[str]:
        listed = client.get("/api/v1/models/?modality=FNA").json()["results"]
        return {model["id"] for model in listed if model["answers_here"]}

    assert answering(clinician) == {str(candidate.public_id)}
    assert answering(stranger) == {str(shipped.public_id)}
    (listed,) = clinician.get(f"/api/v1/activations/?model={candidate.public_id}").json()["results"]
    assert (listed["proposed_by"], listed["decided_by"]) == ("Owner", "Admin")
    assert stranger.get("/api/v1/activations/").json()["results"] == []
