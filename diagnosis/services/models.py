"""Installing models."""

from typing import TYPE_CHECKING

from django.db import transaction

from diagnosis.models import InstalledModel

if TYPE_CHECKING:
    from ml.fna.predictor import FnaPredictor

FNA = "FNA"


@transaction.atomic
def install_fna_model(predictor: "FnaPredictor") -> InstalledModel:
    """The row of these weights; made, and active when no other FNA model is, if it is not there yet."""
    installed, _ = InstalledModel.objects.get_or_create(
        weights_sha256=predictor.weights_sha256,
        defaults={
            "modality": FNA,
            "name": predictor.card["name"],
            "version": predictor.card["version"],
            "preprocessing_version": predictor.preprocessing_version,
            "card": predictor.card,
            "is_active": not InstalledModel.objects.filter(modality=FNA, is_active=True).exists(),
        },
    )
    return installed
