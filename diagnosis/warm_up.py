"""Each worker process loads the models that answer before it takes its first job: no patient waits for torch."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from celery.signals import worker_process_init
from django.db import DatabaseError, connections

from diagnosis.models import InstalledModel
from diagnosis.services.models import (
    FNA,
    SHIPPED_MODALITIES,
    fna_predictor,
    install_shipped_model,
    models_in_use,
    predictor_for,
)
from ml.fna.schema import FEATURES

logger = logging.getLogger(__name__)


@worker_process_init.connect
def load_the_models(**kwargs: Any) -> None:
    """Loads them and answers one typical row, which sets up whatever the libraries set up on first use."""
    try:
        for modality in SHIPPED_MODALITIES:
            _attempt(modality, partial(install_shipped_model, modality))
        for model in models_in_use():
            _attempt(str(model.public_id), partial(_load, model))
    except DatabaseError as error:
        logger.warning("The models cannot be read yet (%s); the first job will load them.", type(error).__name__)
    finally:
        connections.close_all()


def _attempt(name: str, step: Callable[[], object]) -> None:
    """One model's damaged file must not keep the worker from the others' jobs."""
    try:
        step()
    except (OSError, ValueError) as error:  # ArtifactError is a ValueError
        logger.warning("Model %s cannot be loaded (%s): its jobs will fail.", name, type(error).__name__)


def _load(model: InstalledModel) -> None:
    predictor = predictor_for(model)
    if model.modality == FNA:
        typical = [[(feature.typical_low + feature.typical_high) / 2 for feature in FEATURES]]
        fna_predictor(predictor.weights_sha256).predict(np.array(typical))
