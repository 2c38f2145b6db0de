"""Small pictures and trained generators that the tests share."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from ml.gan.pictures import TrainingPictures
from ml.imaging.phantoms import draw_phantoms


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def pictures() -> TrainingPictures:
    """Sixty phantoms of 16 × 16 pixels, of three classes."""
    drawn = draw_phantoms(60, 16, seed=5)
    return TrainingPictures(drawn.canvases, drawn.labels, ("benign", "malignant", "normal"), np.arange(60))
