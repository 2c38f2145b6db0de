"""The registry: what is let in, which model answers where, and what a damaged or exchanged file does."""

import hashlib
import json
import pickle
import shutil
from pathlib import Path

import pytest
import torch
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Action, AuditEvent, Institution, User
from diagnosis.models import FnaBatch, InstalledModel, ModelActivation, Prediction
from diagnosis.services.intake import SampleInput, submit_fna_samples
from diagnosis.services.models import (
    FNA,
    SHIPPED_MODALITIES,
    ModelRefused,
    active_model,
    fna_predictor,
    install_model_files,
    install_shipped_model,
    is_intact,
    model_in_force,
    models_in_use,
    predictor_for,
)
from diagnosis.services.models.files import CARD, WEIGHTS, file_key
from jobs.runner import run
from ml.artifacts import ArtifactError, card_path
from tests.candidate import other_image_model
from tests.cast import AWAY, MakeUser, wdbc

pytestmark = pytest.mark.django_db


@pytest.fixture
def copied(candidate_weights: Path, tmp_path: Path) -> Path:
    """Weights and card of the candidate, to be spoilt."""
    path = tmp_path / "model.safetensors"
    shutil.copy(candidate_weights, path)
    shutil.copy(card_path(candidate_weights), card_path(path))
    return path


def change_card(weights: Path, /, **changes: object) -> None:
    card = json.loads(card_path(weights).read_text())
    card_path(weights).write_text(json.dumps({**card, **changes}))


def vouch_for(weights: Path) -> None:
    """Writes the SHA-256 of whatever the file now holds into its card."""
    change_card(weights, weights={"sha256": hashlib.sha256(weights.read_bytes()).hexdigest()})


def approve(model: InstalledModel, proposer: User, decider: User) -> ModelActivation:
    return ModelActivation.objects.create(
        institution=proposer.institution,
        model=model,
        modality=model.modality,
        reason="Better",
        proposed_by=proposer,
        decision=ModelActivation.Decision.APPROVED,
        decided_by=decider,
        decided_at=timezone.now(),
    )


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".pkl", ".h5", ".ckpt", ""])
def test_upl_19_a_model_in_another_format_is_refused_unopened(copied: Path, suffix: str) -> None:
    pickled = copied.with_name(f"model{suffix}")
    pickled.write_bytes(pickle.dumps(_Trap()))
    with pytest.raises(ModelRefused, match="only safetensors"):
        install_model_files(pickled, modality=FNA)
    assert not _Trap.sprung
    assert not InstalledModel.objects.exists()


class _Trap:
    """Unpickling it would be noticed."""

    sprung = False

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (setattr, (_Trap, "sprung", True))


def test_upl_19_a_pickle_called_safetensors_is_refused_though_its_card_vouches_for_it(copied: Path) -> None:
    torch.save({"weight": torch.zeros(3), "trap": _Trap()}, copied)
    vouch_for(copied)
    with pytest.raises(ModelRefused, match="not a readable safetensors file"):
        install_model_files(copied, modality=FNA)
    assert not _Trap.sprung
    assert not InstalledModel.objects.exists()


def test_upl_19_weights_that_are_not_their_cards_are_refused(copied: Path) -> None:
    data = bytearray(copied.read_bytes())
    data[-1] ^= 1
    copied.write_bytes(data)
    with pytest.raises(ModelRefused, match="not those of the model card"):
        install_model_files(copied, modality=FNA)


def test_upl_19_exchanged_files_are_not_loaded_under_the_old_name(
    candidate: InstalledModel, candidate_weights: Path
) -> None:
    """Whoever can write to the store exchanges weights and card for another pair that fits together."""
    shipped = install_shipped_model()
    for suffix in (WEIGHTS, CARD):
        with storages["phi"].open(file_key(shipped.weights_sha256, suffix)) as other:
            _put(file_key(candidate.weights_sha256, suffix), other.read())
    fna_predictor.cache_clear()
    try:
        with pytest.raises(ArtifactError, match="someone exchanged them"):
            fna_predictor(candidate.weights_sha256)
        assert not is_intact(candidate.weights_sha256)
    finally:
        install_model_files(candidate_weights, modality=FNA)
    assert is_intact(candidate.weights_sha256)
    assert fna_predictor(candidate.weights_sha256).weights_sha256 == candidate.weights_sha256


def _put(key: str, data: bytes) -> None:
    storages["phi"].delete(key)
    storages["phi"].save(key, ContentFile(data))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "needs a name"),
        ({"version": "1" * 41}, "version of at most 40"),
        ({"training_data": {}}, "what it was trained on"),
        ({"modality": "MG"}, "says that it reads MG, not FNA"),
    ],
)
def test_a_card_that_leaves_a_reader_in_the_dark_is_refused(
    copied: Path, changes: dict[str, object], message: str
) -> None:
    change_card(copied, **changes)
    with pytest.raises(ModelRefused, match=message):
        install_model_files(copied, modality=FNA)


def test_a_modality_has_to_come_from_somewhere(copied: Path) -> None:
    with pytest.raises(ModelRefused, match="state the modality"):
        install_model_files(copied)
    change_card(copied, modality=FNA)
    assert install_model_files(copied).modality == FNA


def test_weights_of_another_kind_of_network_are_refused(copied: Path) -> None:
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(3)}, copied)
    vouch_for(copied)
    with pytest.raises(ModelRefused, match="cannot be installed"):
        install_model_files(copied, modality=FNA)
    assert not InstalledModel.objects.exists()


def test_what_an_image_model_reads_stands_among_its_weights(tmp_path: Path) -> None:
    """Its card may be edited; the metadata lies under the weights' SHA-256."""
    weights = other_image_model(tmp_path, "MG")
    change_card(weights, modality="US")
    with pytest.raises(ModelRefused, match="its weights read MG, not US"):
        install_model_files(weights)
    change_card(weights, modality="MG")
    model = install_model_files(weights)
    assert model.modality == "MG"
    assert predictor_for(model).weights_sha256 == model.weights_sha256


def test_the_command_installs_a_file_that_answers_nowhere(
    candidate_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("install_models", file=candidate_weights, modality=FNA)
    model = InstalledModel.objects.get()
    assert "installed, not the default" in capsys.readouterr().out
    assert not model.is_active
    assert AuditEvent.objects.get(action=Action.CHANGE_SETTINGS).object_id_text == str(model.public_id)
    call_command("install_models", file=candidate_weights, modality=FNA)
    assert InstalledModel.objects.count() == 1


def test_the_command_names_what_is_wrong(copied: Path) -> None:
    with pytest.raises(CommandError, match="state the modality"):
        call_command("install_models", file=copied)
    with pytest.raises(CommandError, match="Models page"):
        call_command("install_models", file=copied, modality=FNA, activate=True)


def test_the_command_installs_what_ships(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("install_models")
    assert tuple(sorted(InstalledModel.objects.values_list("modality", flat=True))) == tuple(sorted(SHIPPED_MODALITIES))
    assert InstalledModel.objects.filter(is_active=True).count() == len(SHIPPED_MODALITIES)


def test_a_new_site_answers_with_the_shipped_model(owner: User) -> None:
    assert model_in_force(FNA, owner.institution) is None
    model = active_model(FNA, owner.institution)
    assert model is not None
    assert model.is_active
    assert model_in_force(FNA, owner.institution) == model


def test_a_modality_without_a_model_has_none(owner: User) -> None:
    assert active_model("MG", owner.institution) is None


def test_the_newest_approved_activation_answers_at_its_institution_alone(
    candidate: InstalledModel, owner: User, colleague: User, outsider: User
) -> None:
    shipped = install_shipped_model()
    approve(candidate, owner, colleague)
    assert active_model(FNA, owner.institution) == candidate
    assert active_model(FNA, outsider.institution) == shipped
    assert {model.pk for model in models_in_use()} >= {candidate.pk, shipped.pk}
    approve(shipped, owner, colleague)
    assert active_model(FNA, owner.institution) == shipped
    assert candidate.pk not in {model.pk for model in models_in_use()}


@pytest.mark.parametrize("decision", ["pending", "rejected", "withdrawn"])
def test_a_proposal_that_was_not_approved_changes_nothing(
    candidate: InstalledModel, owner: User, colleague: User, decision: str
) -> None:
    shipped = install_shipped_model()
    activation = approve(candidate, owner, colleague)
    ModelActivation.objects.filter(pk=activation.pk).update(decision=decision)
    assert active_model(FNA, owner.institution) == shipped


def test_samples_are_answered_by_their_institutions_model(
    candidate: InstalledModel, owner: User, colleague: User, outsider: User
) -> None:
    approve(candidate, owner, colleague)
    rows, _ = wdbc(2)
    for user in (owner, outsider):
        samples = [SampleInput(row.tolist()) for row in rows]
        batch = submit_fna_samples(user=user, samples=samples, source=FnaBatch.Source.API)
        assert run(batch.job.public_id, worker="test")
    by_hospital = {
        name: set(Prediction.objects.filter(case__institution__name=name).values_list("model__name", flat=True))
        for name in (owner.institution.name, AWAY)
    }
    assert by_hospital == {owner.institution.name: {"Small FNA model"}, AWAY: {"Lobule FNA autoencoder-GAN"}}


def test_a_new_default_is_told_to_the_institutions_that_it_concerns(
    candidate: InstalledModel, owner: User, colleague: User, make_user: MakeUser
) -> None:
    make_user("elsewhere", hospital=AWAY)
    install_shipped_model()
    approve(candidate, owner, colleague)
    InstalledModel.objects.filter(is_active=True).update(weights_sha256="0" * 64)
    install_shipped_model(activate=True)
    told = AuditEvent.objects.filter(action=Action.DECIDE_MODEL)
    assert [event.institution_id_text for event in told] == [str(Institution.objects.get(name=AWAY).public_id)]
    assert told[0].actor == "system"
    assert told[0].detail["decision"] == "site-default"
