"""Differentiable augmentation, and the probability that follows the discriminator's overfitting."""

import pytest
import torch

from ml.gan.augmentation import AdaptiveProbability, apply_changes, augment, draw_changes
from ml.imaging.phantoms import draw_phantoms


def pictures(count: int = 8, size: int = 16) -> torch.Tensor:
    return draw_phantoms(count, size, seed=3).canvases.double() / 127.5 - 1.0


def seeded(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_nothing_changes_at_probability_zero() -> None:
    real = pictures()
    assert torch.equal(augment(real, generator=seeded(), probability=0.0), real)
    drawn = draw_changes(len(real), 16, generator=seeded(), probability=0.0)
    assert torch.allclose(apply_changes(real, drawn), real, atol=1e-12)


def test_the_same_seed_gives_the_same_changes_and_another_seed_others() -> None:
    real = pictures()
    first = augment(real, generator=seeded(1))
    assert torch.equal(first, augment(real, generator=seeded(1)))
    assert not torch.equal(first, augment(real, generator=seeded(2)))


def test_gradients_are_those_of_finite_differences() -> None:
    real = pictures(2, 8).requires_grad_()
    changes = draw_changes(2, 8, generator=seeded())
    assert torch.autograd.gradcheck(lambda given: apply_changes(given, changes), (real,))


def test_each_change_does_what_it_says() -> None:
    real = pictures(1, 8)
    still = draw_changes(1, 8, generator=seeded(), probability=0.0)
    one, yes = torch.ones(1, dtype=torch.int64), torch.ones(1, dtype=torch.bool)

    assert torch.allclose(apply_changes(real, still._replace(mirrored=yes)), real.flip(3))
    assert torch.allclose(apply_changes(real, still._replace(brightness=torch.tensor([0.25]))), real + 0.25)
    doubled = apply_changes(real, still._replace(contrast=torch.tensor([2.0])))
    assert torch.allclose(doubled, 2.0 * real - real.mean())

    moved = apply_changes(real, still._replace(down=2 * one, across=-one))
    assert torch.allclose(moved[:, :, 2:, :-1], real[:, :, :-2, 1:])
    assert torch.equal(moved[:, :, :2], torch.zeros(1, 1, 2, 8, dtype=torch.double))
    assert torch.equal(moved[:, :, :, -1], torch.zeros(1, 1, 8, dtype=torch.double))

    cut = apply_changes(real, still._replace(cut=yes, top=0 * one, left=7 * one))
    assert torch.equal(cut[:, :, :3, 5:], torch.zeros(1, 1, 3, 3, dtype=torch.double))
    assert torch.allclose(cut[:, :, 3:], real[:, :, 3:])
    assert torch.allclose(cut[:, :, :, :5], real[:, :, :, :5])


def test_a_share_of_pictures_is_changed_in_proportion_to_the_probability() -> None:
    drawn = draw_changes(4000, 16, generator=seeded(), probability=0.3)
    assert float((drawn.brightness != 0).double().mean()) == pytest.approx(0.3, abs=0.03)
    assert float(drawn.cut.double().mean()) == pytest.approx(0.3, abs=0.03)
    assert float(drawn.mirrored.double().mean()) == pytest.approx(0.15, abs=0.03)
    assert drawn.down.abs().max() == 2  # an eighth of 16


def test_the_probability_rises_with_overfitting_and_falls_without() -> None:
    adaptive = AdaptiveProbability(target=0.6, pictures=100, every=2)
    told = torch.ones(10)
    assert adaptive.observe(told) == 0.0  # adjusted at every second step only
    assert adaptive.observe(told) == pytest.approx(0.2)
    adaptive.observe(told)
    assert adaptive.observe(told) == pytest.approx(0.4)
    adaptive.observe(-told)
    assert adaptive.observe(told) == pytest.approx(0.2)  # r = 0, below the target


def test_the_probability_stays_between_its_bounds() -> None:
    adaptive = AdaptiveProbability(pictures=10, every=1, most=0.8)
    assert adaptive.observe(-torch.ones(50)) == 0.0
    assert adaptive.observe(torch.ones(50)) == pytest.approx(0.8)


def test_the_probability_goes_on_from_its_saved_state() -> None:
    whole, first, second = (AdaptiveProbability(pictures=64, every=3) for _ in range(3))
    logits = [torch.linspace(-1.0, 3.0, 8) + step for step in range(7)]
    for step in logits:
        whole.observe(step)
    for step in logits[:4]:
        first.observe(step)
    second.load_state_dict(first.state_dict())
    for step in logits[4:]:
        second.observe(step)
    assert second.value == whole.value > 0.0
