"""The style-based networks against naive references, and their training."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from ml.gan.architectures import Setting
from ml.gan.pictures import TrainingPictures
from ml.gan.stylegan.layers import ModulatedConv, minibatch_deviation
from ml.gan.stylegan.networks import StyleDiscriminator, StyleGenerator, StyleShape
from ml.gan.stylegan.training import StyleLearner, StyleSettings
from ml.gan.training import Aborted, train
from tests.ml.gan.small import CPU, brightness, small_plan

SHAPE = StyleShape(size=16, classes=3, z=8, w=8, fine=4, most=8)


@pytest.mark.parametrize("demodulate", [True, False])
def test_a_modulated_convolution_is_one_with_weights_of_its_own_for_every_picture(demodulate: bool) -> None:
    torch.manual_seed(0)
    layer = ModulatedConv(3, 5, 3, 4, demodulate=demodulate)
    x, w = torch.randn(6, 3, 7, 7), torch.randn(6, 4)
    expected = []
    for picture, style in zip(x, layer.affine(w), strict=True):
        weight = layer.weight * layer.scale * style[None, :, None, None]
        if demodulate:
            weight = weight / weight.square().sum((1, 2, 3), keepdim=True).add(1e-8).sqrt()
        expected.append(functional.conv2d(picture[None], weight, padding=1))
    assert torch.allclose(layer(x, w), torch.cat(expected), atol=1e-5)


def test_demodulated_maps_have_unit_variance_whatever_the_style() -> None:
    torch.manual_seed(0)
    layer = ModulatedConv(16, 64, 3, 4)
    out = layer(torch.randn(8, 16, 12, 12), 30.0 * torch.randn(8, 4)).detach()
    assert float(out[:, :, 1:-1, 1:-1].std()) == pytest.approx(1.0, abs=0.1)


def test_minibatch_deviation_compares_neighbours_only() -> None:
    same, apart = torch.ones(4, 2, 3, 3), torch.tensor([-1.0, 1.0, -1.0, 1.0]).reshape(4, 1, 1, 1).expand(4, 2, 3, 3)
    told = minibatch_deviation(torch.cat([same, apart]), 4)[:, 2]
    assert torch.allclose(told[:4], torch.full((4, 3, 3), 1e-4))
    assert torch.allclose(told[4:], torch.ones(4, 3, 3))


def test_the_same_latents_give_the_same_pictures_and_each_part_matters() -> None:
    torch.manual_seed(0)
    generator = StyleGenerator(SHAPE).eval()
    for layer in [*generator.layers, *generator.rising]:
        torch.nn.init.constant_(layer.strength, 0.5)
    latents, labels = torch.randn(2, SHAPE.latent), torch.tensor([0, 1])
    drawn = generator(latents, labels)
    assert drawn.shape == (2, 1, 16, 16)
    assert torch.equal(drawn, generator(latents, labels))
    assert not torch.allclose(drawn, generator(latents, torch.tensor([1, 2])))  # the class
    for part in (slice(0, 8), slice(8, 24), slice(SHAPE.latent - 256, None)):  # style, coarsest and finest noise
        other = latents.clone()
        other[:, part] += 1.0
        assert not torch.allclose(drawn, generator(other, labels))


def test_the_discriminator_judges_a_picture_by_its_class() -> None:
    torch.manual_seed(0)
    discriminator = StyleDiscriminator(SHAPE)
    pictures = torch.randn(4, 1, 16, 16)
    zero, two = (torch.full((4,), label) for label in (0, 2))
    assert discriminator(pictures, zero).shape == (4,)
    assert not torch.allclose(discriminator(pictures, zero), discriminator(pictures, two))


def test_truncation_leads_from_the_picture_to_its_class_s_mean_style() -> None:
    torch.manual_seed(0)
    generator = StyleGenerator(SHAPE).train()
    labels = torch.tensor([0, 0, 2, 2])
    for _ in range(3):
        generator(torch.randn(4, SHAPE.latent), labels)
    means = generator.mapping.means
    assert (means[[0, 2]].abs().sum(1) > 0).all()
    assert torch.equal(means[1], torch.zeros(8))  # class 1 never occurred

    generator.eval()
    latents = torch.randn(4, SHAPE.latent)
    latents[:, SHAPE.z :] = 0.0
    at_mean = generator(latents, labels, 0.0)
    assert torch.allclose(at_mean[0], at_mean[1], atol=1e-6)
    assert not torch.allclose(at_mean[0], at_mean[2], atol=1e-3)
    whole, half = generator(latents, labels), generator(latents, labels, 0.5)
    assert (half - at_mean).square().sum() < (whole - at_mean).square().sum()


def test_drawing_is_settled_by_its_source_of_chance() -> None:
    torch.manual_seed(0)
    generator = StyleGenerator(SHAPE).eval()
    labels = torch.tensor([0, 1, 2])
    first = generator.draw(labels, torch.Generator().manual_seed(4))
    assert torch.equal(first, generator.draw(labels, torch.Generator().manual_seed(4)))
    assert not torch.equal(first, generator.draw(labels, torch.Generator().manual_seed(5)))
    assert float(first.detach().abs().max()) <= 1.0


def test_a_training_in_shares_gives_the_same_bits(pictures: TrainingPictures, tmp_path: Path) -> None:
    plan = small_plan("stylegan", steps=10)
    whole = train(pictures, plan, tmp_path / "whole", device=CPU, judge=brightness)
    asked = iter([False] * 5 + [True])
    with pytest.raises(Aborted):
        train(pictures, plan, tmp_path / "shares", device=CPU, judge=brightness, abort=lambda: next(asked))
    resumed = train(pictures, plan, tmp_path / "shares", device=CPU, judge=brightness)
    assert resumed.sha256 == whole.sha256
    assert resumed.card["augmentation_probability"] == whole.card["augmentation_probability"]


def test_the_networks_learn_the_classes_greys(pictures: TrainingPictures) -> None:
    """Of flat pictures, dark in class 0 and bright in class 1, both are drawn at the right level after a few steps."""
    labels = torch.arange(2).repeat(16)
    pixels = (60 + 130 * labels).reshape(-1, 1, 1, 1).expand(-1, 1, 16, 16).to(torch.uint8)
    flat = TrainingPictures(pixels, labels, ("benign", "malignant"), np.arange(32))
    torch.manual_seed(0)
    setting = Setting(flat, small_plan("stylegan", steps=100), CPU)
    learner = StyleLearner(setting, StyleSettings(averaging=0.8), replace(SHAPE, classes=2))
    for number in range(100):
        learner.step(number)
    drawn = learner.sampler.draw(labels[:8], torch.Generator().manual_seed(0)).detach()
    assert float(drawn[1::2].mean() - drawn[0::2].mean()) > 0.4  # 1.02 apart in the training pictures
