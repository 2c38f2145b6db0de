"""Installing models, choosing the one that answers, and loading any that ever answered."""

import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction

from diagnosis.models import InstalledModel

if TYPE_CHECKING:
    from ml.fna.predictor import FnaPredictor

FNA = "FNA"
SUFFIXES = (".safetensors", ".json")


@lru_cache(maxsize=1)
def shipped_predictor() -> "FnaPredictor":
    """The predictor with the weights in this release; loaded once per process, its checksum verified."""
    from ml.fna.predictor import FnaPredictor  # noqa: PLC0415 brings torch, which only workers need

    return FnaPredictor.load(None)


def install_shipped_model(*, activate: bool = False) -> InstalledModel:
    """The row of this release's FNA model, made if it is not there yet.

    It answers at once where no FNA model did. Where one does, a new release changes nothing until `activate`: which
    model reads patients' samples is a decision, not a side effect of an upgrade.
    """
    from ml.fna.predictor import SHIPPED_WEIGHTS  # noqa: PLC0415 brings torch

    predictor = shipped_predictor()
    with transaction.atomic():
        is_first = not InstalledModel.objects.filter(modality=FNA, is_active=True).exists()
        model, is_new = InstalledModel.objects.get_or_create(
            weights_sha256=predictor.weights_sha256,
            defaults={
                "modality": FNA,
                "name": predictor.card["name"],
                "version": predictor.card["version"],
                "preprocessing_version": predictor.preprocessing_version,
                "card": predictor.card,
                "is_active": is_first,
            },
        )
        if is_new:
            _keep_files(model, SHIPPED_WEIGHTS)
        if activate and not model.is_active:
            InstalledModel.objects.filter(modality=FNA, is_active=True).update(is_active=False)
            model.is_active = True
            model.save(update_fields=["is_active"])
    return model


def active_fna_model() -> InstalledModel:
    """The model that answers for FNA; on a new site, the shipped one."""
    active = InstalledModel.objects.filter(modality=FNA, is_active=True).first()
    return active or install_shipped_model()


@lru_cache(maxsize=4)
def fna_predictor(weights_sha256: str) -> "FnaPredictor":
    """The predictor with these weights, from this release or from those kept when they were installed.

    Raises:
        ml.artifacts.ArtifactError: the kept files are damaged, or this release cannot read them any more.
        FileNotFoundError: no such weights were ever installed here.
    """
    if shipped_predictor().weights_sha256 == weights_sha256:
        return shipped_predictor()
    from ml.fna.predictor import FnaPredictor  # noqa: PLC0415 brings torch

    with tempfile.TemporaryDirectory(prefix="lobule-model-") as folder:
        for suffix in SUFFIXES:
            with storages["phi"].open(_key(weights_sha256, suffix)) as kept:
                (Path(folder) / f"model{suffix}").write_bytes(kept.read())
        return FnaPredictor.load(Path(folder) / "model.safetensors")


def _keep_files(model: InstalledModel, weights: Path) -> None:
    """Keeps weights and card, so that the model's answers can be replayed after later releases."""
    for suffix in SUFFIXES:
        key = _key(model.weights_sha256, suffix)
        if not storages["phi"].exists(key):
            storages["phi"].save(key, ContentFile(weights.with_suffix(suffix).read_bytes()))


def _key(weights_sha256: str, suffix: str) -> str:
    return f"models/{weights_sha256}{suffix}"
