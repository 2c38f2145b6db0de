"""The extractors: the shipped encoder, and Inception with a small stand-in for its weights."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from ml.imaging import vision_ops  # noqa: F401 - before torch_fidelity
from ml.imaging.phantoms import draw_phantoms
from ml.imaging.predictor import SHIPPED_WEIGHTS
from ml.metrics.images.extractor import default_extractor, described
from ml.metrics.images.frechet import frechet_distance
from ml.metrics.images.inception import inception_extractor


@pytest.fixture(scope="module")
def pictures() -> Tensor:
    return draw_phantoms(60, 64, seed=3).canvases


def test_the_default_is_named_and_hashed() -> None:
    extractor = default_extractor()

    assert extractor.sha256 == hashlib.sha256(SHIPPED_WEIGHTS.read_bytes()).hexdigest()
    assert described(extractor) == f"{extractor.name}, {extractor.sha256[:12]}"
    assert extractor.name.startswith("ultrasound encoder")


def test_features_of_a_picture_do_not_depend_on_its_neighbours(pictures: Tensor) -> None:
    extractor = default_extractor()

    features = extractor(pictures[:40])

    assert features.shape == (40, extractor.dimensions)
    assert features.dtype == np.float64
    np.testing.assert_allclose(extractor(pictures[35:37]), features[35:37], atol=1e-4)
    assert features.std(axis=0).min() > 0.0


def test_worse_pictures_lie_farther_off(pictures: Tensor) -> None:
    extractor = default_extractor()
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(pictures.shape, generator=generator)
    noisy = [(pictures + level * noise).clamp(0, 255).to(torch.uint8) for level in (0.0, 15.0, 40.0)]
    real = extractor(draw_phantoms(60, 64, seed=4).canvases)

    distances = [frechet_distance(real, extractor(worse)) for worse in noisy]

    assert distances == sorted(distances)
    assert distances[2] > 2.0 * distances[0]


def test_class_probabilities_sum_to_one(pictures: Tensor) -> None:
    probabilities = default_extractor().class_probabilities(pictures[:5])

    assert probabilities.shape == (5, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)


@pytest.mark.parametrize(
    "wrong",
    [
        torch.zeros(2, 1, 8, 8),
        torch.zeros(2, 3, 8, 8, dtype=torch.uint8),
        torch.zeros(0, 1, 8, 8, dtype=torch.uint8),
    ],
)
def test_other_pixels_are_refused(wrong: Tensor) -> None:
    with pytest.raises(ValueError, match="expected grey pictures"):
        default_extractor()(wrong)


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of all of Inception's tensors in their shapes, small because each holds one number per row."""
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    with torch.device("meta"), pytest.MonkeyPatch.context() as patch:
        patch.setattr(FeatureExtractorInceptionV3, "load_state_dict", lambda *_: None)
        patch.setattr(torch, "load", lambda *_, **__: {})
        shapes = FeatureExtractorInceptionV3("shapes", ["2048"], feature_extractor_weights_path="").state_dict()
    generator = torch.Generator().manual_seed(0)
    plain = {"running_mean": 0.0, "running_var": 1.0, "bias": 0.5}
    state = {}
    for name, tensor in shapes.items():
        rows = 2.0 * torch.rand([len(tensor), *[1] * (tensor.ndim - 1)], generator=generator) if tensor.ndim else None
        if rows is None or name.rsplit(".", 1)[1] in plain:
            rows = torch.tensor(plain.get(name.rsplit(".", 1)[1], 0.0))
        elif tensor.ndim > 1:
            rows = rows / tensor[0].numel()
        state[name] = rows.to(tensor.dtype).expand(tensor.shape)
    path = tmp_path_factory.mktemp("inception") / "stand-in.pth"
    torch.save(state, path)
    return path


def test_inception_with_weights_of_the_right_checksum(stand_in: Path, pictures: Tensor) -> None:
    sha256 = hashlib.sha256(stand_in.read_bytes()).hexdigest()

    extractor = inception_extractor(stand_in, sha256.upper())
    features = extractor(pictures[:2])

    assert (extractor.sha256, extractor.dimensions, features.shape) == (sha256, 2048, (2, 2048))
    assert np.isfinite(features).all()
    assert np.abs(features[0] - features[1]).max() > 0.0


def test_a_wrong_checksum_is_refused_before_the_file_is_opened(tmp_path: Path) -> None:
    class Forged:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (tmp_path / "ran",)  # type: ignore[return-value]

    forged = tmp_path / "forged.pth"
    torch.save({"weights": Forged()}, forged)

    with pytest.raises(ValueError, match="was not opened"):
        inception_extractor(forged, "0" * 64)
    with pytest.raises(ValueError, match="doesn't hold"):
        inception_extractor(forged, hashlib.sha256(forged.read_bytes()).hexdigest())

    assert not (tmp_path / "ran").exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.pth: the Inception weights can't be read"):
        inception_extractor(tmp_path / "none.pth", "0" * 64)
