"""Translation between classes: shapes, sources, marking, and a cycle that closes."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ml.gan.architectures import Setting, architecture
from ml.gan.cyclegan.networks import PatchDiscriminator, ReplayBuffer, Translator
from ml.gan.cyclegan.sources import reframe
from ml.gan.cyclegan.training import CycleGANLearner, Translators
from ml.gan.generator_file import TrainedGenerator
from ml.gan.pictures import LabelledPictures, TrainingPictures
from ml.gan.plan import TrainingPlan
from ml.gan.training import train
from tests.ml.gan.small import CPU

SIZE = 16
CLASSES = ("benign", "malignant", "normal")
PLAN = TrainingPlan("cyclegan", steps=3, batch=4, size=SIZE, grid_every=3, judge_every=3)


def toy(classes: int = 2, each: int = 12) -> TrainingPictures:
    """Class 0 is dark, class 1 bright, class 2 in between, each with a soft spot somewhere."""
    random = torch.Generator().manual_seed(7)
    labels = torch.arange(classes).repeat_interleave(each)
    level = torch.tensor([40.0, 190.0, 120.0])[labels].reshape(-1, 1, 1, 1)
    spots = torch.nn.functional.interpolate(torch.rand(len(labels), 1, 4, 4, generator=random), size=SIZE)
    pixels = (level + 50.0 * spots).to(torch.uint8)
    return TrainingPictures(pixels, labels, CLASSES[:classes], np.arange(len(labels)))


def learner(pictures: TrainingPictures, steps: int = 3) -> CycleGANLearner:
    torch.manual_seed(0)
    plan = TrainingPlan("cyclegan", steps=steps, batch=8, size=SIZE)
    return CycleGANLearner(Setting(pictures, plan, CPU))


def test_networks_keep_to_their_shapes() -> None:
    pictures = torch.randn(2, 1, 64, 64)
    translated = Translator()(pictures)
    assert translated.shape == pictures.shape
    assert float(translated.detach().abs().max()) <= 1.0
    assert PatchDiscriminator()(pictures).shape == (2, 1, 14, 14)


def test_the_cycle_closes_and_the_classes_are_told_apart() -> None:
    pictures = toy()
    taught = learner(pictures, steps=30)
    cycles = [float(taught.step(number)["loss_cycle"]) for number in range(30)]
    assert np.mean(cycles[-5:]) < 0.5 * np.mean(cycles[:5])
    drawn = taught.sampler.eval().draw(torch.tensor([0] * 6 + [1] * 6), torch.Generator().manual_seed(1), pictures)
    assert float(drawn[:6].detach().mean()) < float(drawn[6:].detach().mean()) - 0.3


def test_a_class_is_made_from_pictures_of_another() -> None:
    network = Translators(CLASSES, SIZE).eval()
    for translator in [*network.out, *network.home]:
        translator.forward = torch.nn.Identity().forward  # the sources themselves come back
    pictures = toy(3)
    greys = {0: 40.0, 1: 190.0, 2: 120.0}
    drawn = network.draw(torch.tensor([0, 1, 2] * 8), torch.Generator().manual_seed(1), pictures)
    means = (drawn.mean((1, 2, 3)) + 1.0) * 127.5
    nearest = [min(greys, key=lambda code, mean=mean: abs(greys[code] + 25.0 - mean)) for mean in means.tolist()]
    assert set(nearest[0::3]) == {1, 2}  # pictures of the first class come from the others
    assert set(nearest[1::3]) == set(nearest[2::3]) == {0}


def test_sources_are_needed_and_must_hold_the_class_to_translate() -> None:
    network, random = Translators(CLASSES[:2], SIZE), torch.Generator()
    with pytest.raises(ValueError, match="give it some as sources"):
        network.draw(torch.tensor([0]), random)
    pictures = toy()
    benign_only = LabelledPictures(pictures.pixels[:12], pictures.labels[:12], pictures.classes)
    assert network.draw(torch.tensor([1]), random, benign_only).shape == (1, 1, SIZE, SIZE)
    with pytest.raises(ValueError, match="no malignant picture among the sources"):
        network.draw(torch.tensor([0]), random, benign_only)
    with pytest.raises(ValueError, match="needs two or more"):
        Translators(("benign",), SIZE)


def test_what_it_draws_is_marked_as_derived_from_patients(tmp_path: Path) -> None:
    pictures = toy(3)
    generator = train(pictures, PLAN, tmp_path, device=CPU, judge=None)
    assert generator.derived_from_patients
    assert generator.card["derived_from_patients"] is True
    assert "never anonymous" in generator.card["warning"]
    loaded = TrainedGenerator.load(tmp_path / "generator.safetensors")
    assert loaded.derived_from_patients
    with pytest.raises(ValueError, match="sources"):
        loaded.sample({"malignant": 2}, 1)
    first = loaded.sample({"benign": 1, "malignant": 2}, 1, sources=pictures)
    assert first.labels.tolist() == [0, 1, 1]
    assert torch.equal(first.pixels, generator.sample({"benign": 1, "malignant": 2}, 1, sources=pictures).pixels)


def test_the_other_architectures_are_not_marked() -> None:
    assert architecture("cyclegan").needs_sources
    assert not architecture("stylegan").needs_sources


def test_the_buffer_gives_back_new_pictures_until_full_then_half_of_them_earlier_ones() -> None:
    torch.manual_seed(0)
    buffer = ReplayBuffer(2, most=8)
    fresh = torch.arange(8.0).reshape(8, 1, 1, 1).expand(8, 1, 2, 2)
    assert torch.equal(buffer.swap(fresh), fresh)
    given = buffer.swap(100.0 + fresh)[:, 0, 0, 0]
    earlier = given[given < 100.0]
    assert 1 <= len(earlier) <= 7
    assert set(earlier.tolist()) <= set(range(8))
    again = ReplayBuffer(2, most=8)
    again.load_state_dict(buffer.state_dict())
    assert torch.equal(again.pictures, buffer.pictures)


def test_reframing_cuts_a_window_out_and_mirrors_half() -> None:
    ramp = torch.linspace(-1.0, 1.0, SIZE).reshape(1, 1, 1, -1).expand(400, 1, SIZE, SIZE)
    framed = reframe(ramp, torch.Generator().manual_seed(2))
    rising = framed[:, 0, 8, -2] > framed[:, 0, 8, 1]
    assert float(rising.double().mean()) == pytest.approx(0.5, abs=0.1)
    spread = (framed[:, 0, 8, -2] - framed[:, 0, 8, 1]).abs()
    whole = float((ramp[0, 0, 8, -2] - ramp[0, 0, 8, 1]).abs())
    assert whole / 1.13 < float(spread.min()) < float(spread.max()) < whole * 1.01
