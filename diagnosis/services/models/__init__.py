"""The model registry: installing models, choosing the one that answers, loading any that ever answered."""

from diagnosis.services.models.choice import active_model, decision_in_force, has_model, model_in_force, models_in_use
from diagnosis.services.models.files import is_intact
from diagnosis.services.models.installation import (
    SHIPPED_MODALITIES,
    ModelRefused,
    install_model_files,
    install_shipped_model,
)
from diagnosis.services.models.predictors import FNA, US, fna_predictor, image_predictor, predictor_for

__all__ = [
    "FNA",
    "SHIPPED_MODALITIES",
    "US",
    "ModelRefused",
    "active_model",
    "decision_in_force",
    "fna_predictor",
    "has_model",
    "image_predictor",
    "install_model_files",
    "install_shipped_model",
    "is_intact",
    "model_in_force",
    "models_in_use",
    "predictor_for",
]
