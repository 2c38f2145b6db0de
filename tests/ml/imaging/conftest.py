"""Small pictures and models that the image tests share."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.commands.train_image import save_model
from ml.imaging.card import model_card
from ml.imaging.classifier import ImageAutoencoderGANClassifier
from ml.imaging.data import PictureSet
from ml.imaging.design import Schooling, schooling
from ml.imaging.evaluation.material import Material, material
from ml.imaging.origin import own_archive
from ml.imaging.phantoms import draw_phantoms
from ml.imaging.predictor import ImagePredictor
from ml.training.device import choose_device

SMALL = {
    "members": 2,
    "inner_folds": 2,
    "size": 32,
    "phantoms": 8,
    "phantom_steps": 2,
    "counterexamples": 40,
    "steps": 2,
    "batch_size": 8,
    "random_state": 3,
}


def small_classifier(**changes: object) -> ImageAutoencoderGANClassifier:
    return ImageAutoencoderGANClassifier(**{**SMALL, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def pictures() -> PictureSet:
    """Thirty phantoms of 80 × 80 pixels, ten of each kind or so."""
    drawn = draw_phantoms(30, 80, seed=11)
    found: list[NDArray[np.uint8]] = list(drawn.canvases[:, 0].numpy())
    names = tuple(f"phantom-{index}.png" for index in range(30))
    return PictureSet(found, drawn.labels.numpy(), names, None, "phantoms")


@pytest.fixture(scope="session")
def school() -> Schooling:
    classifier = small_classifier()
    return schooling(classifier.design(), choose_device("cpu"), seed=0)


@pytest.fixture(scope="session")
def fitted(pictures: PictureSet, school: Schooling) -> ImageAutoencoderGANClassifier:
    return small_classifier().fit(pictures.pictures, pictures.labels, school=school)


@pytest.fixture(scope="session")
def ready(pictures: PictureSet, school: Schooling) -> Material:
    design = small_classifier().design()
    return material(pictures, design.canvas_side, school.finder(design.shape), folds=2, seed=0)


@pytest.fixture(scope="session")
def small_weights(
    tmp_path_factory: pytest.TempPathFactory, fitted: ImageAutoencoderGANClassifier, ready: Material
) -> Path:
    """A saved model whose training took two steps."""
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    origin = own_archive("phantoms", {"benign": 12, "malignant": 12, "normal": 6}, "", "")
    save_model(fitted, ready, path, model_card(fitted, ready, origin, "US", None), "US")
    return path


@pytest.fixture(scope="session")
def small_predictor(small_weights: Path) -> ImagePredictor:
    return ImagePredictor.load(small_weights)


@pytest.fixture(scope="session")
def predictor() -> ImagePredictor:
    """The shipped model."""
    return ImagePredictor.load()
