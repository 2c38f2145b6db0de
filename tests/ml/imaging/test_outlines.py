"""Drawn lesions, and what their outlines teach."""

import pytest
import torch

from ml.imaging.augmentation import AugmentationSettings
from ml.imaging.networks import CLEAR, AutoencoderGAN, NetworkShape
from ml.imaging.outlines import Outliner, shape_loss
from ml.imaging.phantoms import draw_phantoms
from ml.imaging.training import Lessons, TrainingSettings, train_member
from ml.training.device import choose_device

SHAPE = NetworkShape(size=32)


@pytest.mark.parametrize("side", [40, 120])
def test_phantoms_have_an_outline_where_they_have_a_lesion(side: int) -> None:
    drawn = draw_phantoms(30, side, seed=4)
    outlined = drawn.masks.flatten(1).any(dim=1)
    assert torch.equal(outlined, drawn.labels != CLEAR)
    assert drawn.canvases.shape == drawn.masks.shape == (30, 1, side, side)
    assert drawn.canvases.float().std((1, 2, 3)).min() > 1.0


def test_phantoms_are_the_same_for_a_seed_and_others_for_another() -> None:
    first, again, other = (draw_phantoms(4, 40, seed=seed).canvases for seed in (4, 4, 5))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_better_drawing_costs_less() -> None:
    outlines = torch.zeros(3, 1, 32, 32)
    outlines[0, :, 8:24, 8:24] = outlines[1, :, :16, :16] = 1.0  # the third has no lesion
    right = 8.0 * (torch.nn.functional.avg_pool2d(outlines, 2) - 0.5)
    unsure, wrong = torch.zeros_like(right), -right
    losses = [shape_loss(drawing, outlines).item() for drawing in (right, unsure, wrong)]
    assert losses == sorted(losses)
    assert losses[0] < 0.1 < losses[1]
    assert shape_loss(unsure, torch.zeros_like(outlines)).item() == pytest.approx(0.6931, abs=1e-3)


def test_the_outliner_draws_at_half_the_size() -> None:
    latent = AutoencoderGAN(SHAPE).eval()(torch.zeros(2, 1, 32, 32)).encoded.latent
    assert Outliner(SHAPE)(latent).shape == (2, 1, 16, 16)


def test_outlines_of_phantoms_reach_the_encoder_and_leave_nothing_else_behind() -> None:
    drawn = draw_phantoms(16, 40, seed=2)
    lessons = Lessons(torch.empty((0, 1, 40, 40), dtype=torch.uint8), torch.empty(0, dtype=torch.int64), drawn)
    alone = TrainingSettings(batch_size=8).alone(2)
    assert alone.shape_weight > 0.0
    learnt = [
        train_member(lessons, SHAPE, settings, AugmentationSettings(), choose_device("cpu"), seed=1).state_dict()
        for settings in (alone, TrainingSettings(**{**vars(alone), "shape_weight": 0.0}))
    ]
    assert list(learnt[0]) == list(AutoencoderGAN(SHAPE).state_dict())
    assert not torch.equal(*(state["encoder.stem.weight"] for state in learnt))
