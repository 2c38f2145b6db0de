"""Entering models into the registry: those of this release, and a hospital's own."""

from pathlib import Path
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.errors import DomainError
from accounts.models import Action, Institution
from diagnosis.models import InstalledModel, ModelActivation
from diagnosis.services.models import predictors
from diagnosis.services.models.files import WEIGHTS, keep_files
from diagnosis.services.models.predictors import FNA, US

SHIPPED_MODALITIES = (FNA, US)
NAME_LENGTH, VERSION_LENGTH = 100, 40


class ModelRefused(DomainError):
    """A file that cannot be installed as a model."""

    code = "model_refused"


def install_shipped_model(modality: str = FNA, *, activate: bool = False) -> InstalledModel:
    """The row of this release's model for the modality (FNA or US), made if it is not there yet.

    It becomes the site's default where there was none. Where there is one, a new release changes nothing until
    `activate`: which model reads patients' samples is a decision, not a side effect of an upgrade.

    Raises:
        ModelRefused: this release ships no model for the modality.
    """
    if modality not in SHIPPED_MODALITIES:
        raise ModelRefused(f"This release ships no model for {modality}.", code="no_shipped_model")
    predictor, weights = _shipped(modality)
    with transaction.atomic():
        model = _enter(predictor, modality, weights)
        has_default = InstalledModel.objects.filter(modality=modality, is_active=True).exists()
        if not model.is_active and (activate or not has_default):
            _make_default(model)
    return model


def install_model_files(weights: Path, *, modality: str = "") -> InstalledModel:
    """Enters a hospital's own model, made with `python -m ml train`; it answers nowhere until it is activated.

    Args:
        weights: the safetensors file; its card lies beside it, with the file's SHA-256.
        modality: what it reads (FNA, US, MG …); where it is not given, the card says so.

    Raises:
        ModelRefused: no safetensors file, not the weights of its card, or no model that this release can run.
    """
    if weights.suffix != WEIGHTS:
        raise ModelRefused(
            f"{weights.name}: only safetensors files are installed. Other formats (.pt, .pkl, .h5 …) can run code "
            "when they are opened. Save the model with `python -m ml train`."
        )
    predictor, modality = _proven(weights, modality)
    with transaction.atomic():
        model = _enter(predictor, modality, weights)
        audit.record(Action.CHANGE_SETTINGS, object_type="model", object_id=model.public_id, purpose="installation")
    return model


def _shipped(modality: str) -> tuple[Any, Path]:
    if modality == FNA:
        from ml.fna.predictor import SHIPPED_WEIGHTS as FNA_WEIGHTS  # noqa: PLC0415 brings torch

        return predictors.shipped_fna_predictor(), FNA_WEIGHTS
    from ml.imaging.predictor import SHIPPED_WEIGHTS as US_WEIGHTS  # noqa: PLC0415 brings torch

    return predictors.shipped_us_predictor(), US_WEIGHTS


def _enter(predictor: Any, modality: str, weights: Path) -> InstalledModel:
    card = predictor.card
    model, _ = InstalledModel.objects.get_or_create(
        weights_sha256=predictor.weights_sha256,
        defaults={
            "modality": modality,
            "name": card["name"],
            "version": card["version"],
            "preprocessing_version": predictor.preprocessing_version,
            "card": card,
        },
    )
    if model.modality != modality:
        raise ModelRefused(
            f"These weights are installed already, for {model.modality}.", code="model_of_other_modality"
        )
    keep_files(model.weights_sha256, weights)
    return model


def _proven(weights: Path, modality: str) -> tuple[Any, str]:
    """The predictor, loaded once to prove that this release can, and what it reads."""
    from ml.artifacts import load_artifact  # noqa: PLC0415 brings torch

    try:
        card = load_artifact(weights).card
        modality = _modality(card, modality)
        _check_card(card)
        predictor = _load(weights, modality)
    except (KeyError, RuntimeError, TypeError, ValueError) as error:  # what loading a file of any content raises
        raise ModelRefused(f"{weights.name} cannot be installed: {error}") from error
    # The card can be edited; what an image model reads stands among the weights, under their SHA-256.
    reads = getattr(predictor, "modality", FNA)
    if reads != modality:
        raise ModelRefused(f"{weights.name} cannot be installed: its weights read {reads}, not {modality}.")
    return predictor, modality


def _load(weights: Path, modality: str) -> Any:
    if modality == FNA:
        from ml.fna.predictor import FnaPredictor  # noqa: PLC0415 brings torch

        return FnaPredictor.load(weights)
    from ml.imaging.predictor import ImagePredictor  # noqa: PLC0415 brings torch

    return ImagePredictor.load(weights)


def _modality(card: dict[str, Any], stated: str) -> str:
    own = str(card.get("modality", ""))
    if stated and own and stated != own:
        raise ValueError(f"its card says that it reads {own}, not {stated}")
    if not stated and not own:
        raise ValueError("its card does not say what it reads: state the modality")
    return stated or own


def _check_card(card: dict[str, Any]) -> None:
    """The pages show these of every model: whoever reads an answer is to know where it comes from."""
    for name, length in (("name", NAME_LENGTH), ("version", VERSION_LENGTH)):
        text = card.get(name)
        if not isinstance(text, str) or not 0 < len(text) <= length:
            raise ValueError(f"its card needs a {name} of at most {length} characters")
    if not str(card.get("training_data", {}).get("summary", "")):
        raise ValueError("its card does not say what it was trained on (training_data.summary)")


def _make_default(model: InstalledModel) -> None:
    """Has the model answer wherever an institution has not decided for itself; each of these is told in its trail."""
    replaced = InstalledModel.objects.filter(modality=model.modality, is_active=True)
    decided = ModelActivation.objects.filter(modality=model.modality, decision=ModelActivation.Decision.APPROVED)
    if replaced.exists():
        for institution in Institution.objects.exclude(pk__in=decided.values("institution")):
            context = audit.AuditContext(
                actor="system", institution=institution.name, institution_id=str(institution.public_id)
            )
            with audit.acting(context):
                audit.record(
                    Action.DECIDE_MODEL,
                    object_type="model",
                    object_id=model.public_id,
                    purpose="installation",
                    detail={"decision": "site-default", "modality": model.modality},
                )
    replaced.update(is_active=False)
    model.is_active = True
    model.save(update_fields=["is_active"])
