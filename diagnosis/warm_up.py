"""Each worker process loads the model that answers before it takes its first job: no patient waits for torch."""

import logging
from typing import Any

import numpy as np
from celery.signals import worker_process_init
from django.db import DatabaseError, connections

from diagnosis.services.models import active_fna_model, fna_predictor
from ml.fna.schema import FEATURES

logger = logging.getLogger(__name__)


@worker_process_init.connect
def load_the_model(**kwargs: Any) -> None:
    """Loads it and answers one typical row, which sets up whatever the libraries set up on first use."""
    try:
        predictor = fna_predictor(active_fna_model().weights_sha256)
    except DatabaseError as error:
        logger.warning("The models cannot be read yet (%s); the first job will load them.", type(error).__name__)
        return
    finally:
        connections.close_all()
    predictor.predict(np.array([[(f.typical_low + f.typical_high) / 2 for f in FEATURES]]))
