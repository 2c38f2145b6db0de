"""Averages, losses and estimates, against figures worked out by hand."""

import math

import pytest
import torch
from torch import nn

from ml.gan.architectures import ARCHITECTURES, architecture
from ml.gan.ema import average_into, frozen_copy
from ml.gan.estimate import training_seconds
from ml.gan.losses import discriminator_bce, generator_bce, gradient_penalty
from ml.gan.plan import EFFORTS, PrivacyBudget, TrainingPlan, default_plan
from tests.ml.gan.small import CPU, PLAIN, small_plan


def test_the_average_follows_weights_and_running_statistics() -> None:
    network = nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1))
    average = frozen_copy(network)
    with torch.no_grad():
        for value in network.state_dict().values():
            value.fill_(10)
        for value in average.state_dict().values():
            value.fill_(0)

    average_into(average, network, decay=0.9, step=0)  # (1 + 0) / (10 + 0) = .1 is kept
    assert average[0].weight.item() == pytest.approx(9.0)
    assert average[1].running_mean.item() == pytest.approx(9.0)
    assert average[1].num_batches_tracked.item() == 10
    average_into(average, network, decay=0.9, step=1000)
    assert average[0].weight.item() == pytest.approx(9.1)
    assert not any(weight.requires_grad for weight in average.parameters())


def test_losses_by_hand() -> None:
    real, fake = torch.tensor([0.0, 2.0]), torch.tensor([0.0, -3.0])

    expected = (math.log(2) + math.log1p(math.exp(-2))) / 2 + (math.log(2) + math.log1p(math.exp(-3))) / 2
    assert discriminator_bce(real, fake).item() == pytest.approx(expected)
    assert generator_bce(fake).item() == pytest.approx((math.log(2) + 3 + math.log1p(math.exp(-3))) / 2)


def test_the_gradient_penalty_is_half_the_squared_slope() -> None:
    pictures = torch.ones(2, 1, 2, 2, requires_grad=True)
    logits = 3.0 * pictures.sum((1, 2, 3))  # slope 3 at each of 4 pixels

    assert gradient_penalty(logits, pictures).item() == pytest.approx(0.5 * 9.0 * 4)


@pytest.mark.parametrize("name", PLAIN)
def test_efforts_grow_and_keep_what_was_asked(name: str) -> None:
    plans = [default_plan(name, 128, effort, seed=9) for effort in EFFORTS]

    assert [plan.steps for plan in plans] == sorted({plan.steps for plan in plans})
    assert {(plan.architecture, plan.size, plan.seed) for plan in plans} == {(name, 128, 9)}


def test_a_plan_survives_json() -> None:
    plan = small_plan(privacy=PrivacyBudget(3.0, 1e-5, "patient"))

    assert TrainingPlan.from_dict(plan.as_dict()) == plan


def test_impossible_plans_are_refused() -> None:
    with pytest.raises(ValueError, match="16, 32, 64, 128 pixels a side; got 48"):
        small_plan(size=48)
    with pytest.raises(ValueError, match="steps must be at least 1"):
        small_plan(steps=0)
    with pytest.raises(ValueError, match="ε must be above 0"):
        PrivacyBudget(0.0, 1e-5, "picture")
    with pytest.raises(ValueError, match="unknown architecture 'biggan'; choose one of"):
        default_plan("biggan", 64, "quick")
    with pytest.raises(ValueError, match="dcgan can't be trained with differential privacy"):
        architecture("dcgan", private=True)


def test_every_architecture_is_there() -> None:
    assert {architecture(name).name for name in ARCHITECTURES} == set(ARCHITECTURES)


def test_an_estimate_grows_with_the_steps() -> None:
    one, ten = (training_seconds(small_plan("cgan", steps=steps), CPU) for steps in (1000, 10_000))

    assert one > 0.0
    assert ten == pytest.approx(10 * one)
