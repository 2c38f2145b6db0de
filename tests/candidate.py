"""Second models for the tests: a small FNA model that is really trained, and image models that judge otherwise."""

from pathlib import Path

import pytest
import torch

from diagnosis.models import InstalledModel
from diagnosis.services.models import install_model_files
from ml.artifacts import load_artifact, save_artifact
from ml.commands.train_fna import save_model
from ml.fna.card import model_card
from ml.fna.classifier import AutoencoderGANClassifier
from ml.fna.evaluation.cross_validation import Protocol, cross_validate
from ml.fna.preprocessing import clean
from ml.fna.reference import reference_cases
from ml.imaging.predictor import SHIPPED_WEIGHTS as IMAGE_WEIGHTS


@pytest.fixture(scope="session")
def candidate_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its weights, with the card beside them."""
    path = tmp_path_factory.mktemp("candidate") / "candidate.safetensors"
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as the command does: small matrices on several threads mostly wait
    try:
        _train(path)
    finally:
        torch.set_num_threads(threads)
    return path


def _train(path: Path) -> None:
    classifier = AutoencoderGANClassifier(members=2, inner_folds=2, steps=30, hidden=16, random_state=5)
    protocol = Protocol(2, (0,))
    cases = reference_cases()
    cleaned = clean(cases.X, cases.y)
    outputs = cross_validate(classifier.design(), protocol, threshold=classifier.threshold, jobs=1)
    classifier.fit(cleaned.X, cleaned.y)
    card = model_card(classifier, outputs, protocol, cleaned)
    save_model(classifier, path, {**card, "name": "Small FNA model", "version": "0.9.0"})


@pytest.fixture
def candidate(db: None, candidate_weights: Path) -> InstalledModel:
    """The second model, installed; it answers nowhere."""
    return install_model_files(candidate_weights, modality="FNA")


def other_image_model(folder: Path, modality: str, *, malignant_log_odds: float = 0.0) -> Path:
    """The shipped ultrasound model as another one: it refuses little, and adds `malignant_log_odds` to every answer."""
    shipped = load_artifact(IMAGE_WEIGHTS)
    temperature, shift = shipped.tensors["calibration"].tolist()
    tensors = {
        **shipped.tensors,
        "calibration": torch.tensor([temperature, shift + malignant_log_odds], dtype=torch.float64),
        "novelty.threshold": torch.tensor(1e6, dtype=torch.float64),
    }
    path = folder / f"other-{modality}.safetensors"
    card = {**shipped.card, "name": f"Other {modality} model", "version": "2.0.0", "modality": modality}
    save_artifact(path, tensors, metadata={**shipped.metadata, "modality": modality}, card=card)
    return path


@pytest.fixture
def us_candidate(db: None, tmp_path: Path) -> InstalledModel:
    """Another ultrasound model, installed; it sees malignancy more often."""
    return install_model_files(other_image_model(tmp_path, "US", malignant_log_odds=2.0))


@pytest.fixture
def mg_model(db: None, tmp_path: Path) -> InstalledModel:
    """A mammography model, installed; it answers nowhere."""
    return install_model_files(other_image_model(tmp_path, "MG"))
