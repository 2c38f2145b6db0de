"""The shipped predictor, loaded once."""

import pytest

from ml.fna.predictor import FnaPredictor


@pytest.fixture(scope="session")
def predictor() -> FnaPredictor:
    return FnaPredictor.load()
