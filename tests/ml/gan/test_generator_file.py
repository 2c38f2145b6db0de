"""Saved generators: the same pictures after loading, however they are asked for, with the labels asked for."""

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from ml.artifacts import ArtifactError, save_artifact
from ml.gan.dcgan import OnePerClass
from ml.gan.drawing import draw_pixels
from ml.gan.generator_file import GENERATOR, TrainedGenerator
from ml.gan.pictures import TrainingPictures
from ml.gan.training import train
from tests.ml.gan.small import CPU, PLAIN, small_plan

COUNTS = {"malignant": 70, "benign": 3, "normal": 0}


@pytest.fixture(scope="module", params=PLAIN)
def run(request: pytest.FixtureRequest, pictures: TrainingPictures, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    train(pictures, small_plan(request.param, steps=4), folder, device=CPU, judge=None)
    return folder


def test_a_loaded_generator_draws_the_same(run: Path, pictures: TrainingPictures) -> None:
    name = json.loads((run / "generator.json").read_text())["architecture"]
    trained = train(pictures, small_plan(name, steps=4), run, device=CPU, judge=None)  # it was over: nothing is done
    loaded = TrainedGenerator.load(run / GENERATOR)

    assert (loaded.architecture, loaded.classes, loaded.size) == (name, ("benign", "malignant", "normal"), 16)
    assert loaded.sha256 == trained.sha256
    assert loaded.derived_from_patients is False
    assert torch.equal(loaded.sample(COUNTS, 7).pixels, trained.sample(COUNTS, 7).pixels)


@pytest.mark.parametrize("batch", [1, 7, 64, 100])
def test_batches_make_the_sample(batch: int, run: Path) -> None:
    generator = TrainedGenerator.load(run / GENERATOR)
    sample = generator.sample(COUNTS, 7)
    batches = list(generator.sample_batches(COUNTS, 7, batch=batch))

    assert [len(labels) for _, labels in batches[:-1]] == [batch] * (len(batches) - 1)
    assert torch.equal(torch.cat([pixels for pixels, _ in batches]), sample.pixels)
    assert torch.equal(torch.cat([labels for _, labels in batches]), sample.labels)
    assert sample.pixels.shape == (73, 1, 16, 16)
    assert sample.pixels.dtype == torch.uint8
    assert sample.counts == {"benign": 3, "malignant": 70, "normal": 0}


def test_another_seed_draws_others(run: Path) -> None:
    generator = TrainedGenerator.load(run / GENERATOR)

    assert not torch.equal(generator.sample(COUNTS, 7).pixels, generator.sample(COUNTS, 8).pixels)


@pytest.mark.parametrize(
    ("counts", "seed", "message"),
    [
        ({"cyst": 3}, 0, "no class 'cyst'"),
        ({"benign": -1, "normal": 2}, 0, "0 or more"),
        ({"benign": 0}, 0, "one above 0"),
        ({"benign": 1}, -1, "a seed lies between 0 and"),
    ],
)
def test_what_cant_be_drawn_is_refused(counts: dict[str, int], seed: int, message: str, run: Path) -> None:
    with pytest.raises(ValueError, match=message):
        TrainedGenerator.load(run / GENERATOR).sample(counts, seed)


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_artifact(path, {"weight": torch.zeros(1)}, metadata={"generator": "{}"}, card={})

    with pytest.raises(ArtifactError, match="not a saved generator of pictures"):
        TrainedGenerator.load(path)


class Flat(nn.Module):
    """Draws pictures of one grey level."""

    def __init__(self, level: float) -> None:
        super().__init__()
        self.level = level

    def forward(self, latents: Tensor) -> Tensor:
        return torch.full((len(latents), 1, 2, 2), self.level)


def test_each_class_is_drawn_by_its_own_network() -> None:
    network = OnePerClass([Flat(-1.0), Flat(0.0), Flat(1.0)], latent=4)
    pixels = draw_pixels(network, torch.tensor([2, 0, 1, 0, 2]), 0, torch.device("cpu"))

    assert pixels[:, 0, 0, 0].tolist() == [255, 0, 128, 0, 255]


@pytest.mark.parametrize("name", ["cgan", "optimized-cgan"])
def test_a_conditional_network_learns_which_class_is_which(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One class is bright above, the other below: what is drawn must not mix them up."""
    monkeypatch.setattr("ml.gan.cgan.LEARNING_RATE", 2e-3)  # ten times as fast, as there is so little to learn
    monkeypatch.setattr("ml.gan.optimized.LEARNING_RATE", 4e-3)
    monkeypatch.setattr("ml.gan.optimized.AVERAGING", 0.9)
    random = torch.Generator().manual_seed(0)
    labels = torch.arange(64) % 2
    pixels = torch.randint(90, (64, 1, 16, 16), generator=random, dtype=torch.uint8)
    for label, row in zip(labels.tolist(), pixels, strict=True):
        row[:, 8 * label : 8 * label + 8] += 130
    two = TrainingPictures(pixels, labels, ("benign", "malignant"), labels.numpy())
    generator = train(two, small_plan(name, steps=80, batch=16), tmp_path, device=CPU, judge=None)
    drawn = generator.sample({"benign": 8, "malignant": 8}, 0).pixels.float()
    brighter_above = drawn[:, :, :8].mean((1, 2, 3)) > drawn[:, :, 8:].mean((1, 2, 3))

    assert brighter_above.tolist() == [True] * 8 + [False] * 8
