"""Differential privacy of pictures: the budget, the clipping, the unit, and what must not look."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ml.gan.architectures import Setting, architecture
from ml.gan.checkpoint import learner_tensors, restore_learner
from ml.gan.generator_file import TrainedGenerator
from ml.gan.pictures import TrainingPictures, to_range
from ml.gan.plan import PrivacyBudget, TrainingPlan
from ml.gan.private.critic import MomentCritic
from ml.gan.private.ledger import BudgetError, Ledger
from ml.gan.private.patients import PatientSampler, privacy_groups
from ml.gan.private.refiner import Refiner, draw_class_phantoms
from ml.gan.private.texture import Texture
from ml.gan.private.training import PrivateLearner, PrivateSettings
from ml.gan.training import Paused, train
from ml.imaging.phantoms import draw_phantoms
from tests.ml.gan.small import CPU

SIZE = 16
BUDGET = PrivacyBudget(epsilon=8.0, delta=1e-5, unit="patient")
PLAN = TrainingPlan("cgan", steps=6, batch=8, size=SIZE, privacy=BUDGET, grid_every=6, judge_every=6, record_every=2)
FEW = PrivateSettings(phantoms=24, refined=4)


def toy(count: int = 40) -> TrainingPictures:
    """Phantoms of three classes; two pictures of each patient."""
    drawn = draw_phantoms(count, SIZE, seed=5)
    return TrainingPictures(drawn.canvases, drawn.labels, ("benign", "malignant", "normal"), np.arange(count) // 2)


def learner(plan: TrainingPlan = PLAN) -> PrivateLearner:
    torch.manual_seed(plan.seed)
    return PrivateLearner(Setting(toy(), plan, CPU), FEW)


def epsilon_by_hand(noise: float, rate: float, steps: int, delta: float) -> float:
    """Theorem 11 of Mironov, Talwar and Zhang (2019) for whole orders, and the conversion of Balle et al. (2020)."""
    found = []
    for order in range(2, 64):
        terms = [
            math.lgamma(order + 1)
            - math.lgamma(k + 1)
            - math.lgamma(order - k + 1)
            + (order - k) * math.log1p(-rate)
            + k * math.log(rate)
            + (k * k - k) / (2 * noise**2)
            for k in range(order + 1)
        ]
        renyi = steps * np.logaddexp.reduce(terms) / (order - 1)
        found.append(renyi + math.log1p(-1 / order) - math.log(delta * order) / (order - 1))
    return float(min(found))


@pytest.mark.parametrize(("epsilon", "rate", "steps"), [(8.0, 0.2, 300), (1.0, 0.05, 1000), (3.0, 0.5, 50)])
def test_the_noise_keeps_the_budget_by_an_independent_computation(epsilon: float, rate: float, steps: int) -> None:
    ledger = Ledger(PrivacyBudget(epsilon, 1e-5, "patient"), rate, steps)
    for _ in range(steps):
        ledger.charge()
    by_hand = epsilon_by_hand(ledger.noise, rate, steps, 1e-5)
    assert ledger.spent <= epsilon
    assert ledger.spent == pytest.approx(by_hand, rel=0.02)  # the accountant also tries orders that aren't whole
    assert by_hand > 0.97 * epsilon  # and the budget is used
    with pytest.raises(BudgetError, match=f"{steps} steps"):
        ledger.charge()


def test_a_patient_has_one_picture_in_a_step_at_most() -> None:
    groups = np.array([0, 0, 0, 0, 0, 1, 1, 2, 3, 3])
    sampler, random = PatientSampler(groups, 2), torch.Generator().manual_seed(0)
    assert sampler.rate == 0.5
    counts, seen = [], np.zeros(len(groups))
    for _ in range(2000):
        rows = sampler.draw(random).numpy()
        assert len(np.unique(groups[rows])) == len(rows)
        counts.append(len(rows))
        seen[rows] += 1
    assert np.mean(counts) == pytest.approx(2.0, abs=0.1)
    assert min(counts) == 0
    by_patient = [seen[groups == group].sum() / 2000 for group in range(4)]
    assert by_patient == pytest.approx([0.5] * 4, abs=0.05)  # many pictures make no patient more frequent
    assert seen[:5] / 2000 == pytest.approx([0.1] * 5, abs=0.03)


def test_the_unit_is_the_patient_or_the_picture() -> None:
    pictures = toy()
    assert np.array_equal(privacy_groups(pictures, "patient"), pictures.groups)
    assert len(np.unique(privacy_groups(pictures, "picture"))) == len(pictures)
    with pytest.raises(ValueError, match="not by 'row'"):
        privacy_groups(pictures, "row")


def test_every_gradient_is_clipped_by_itself_and_the_sum_is_noised() -> None:
    taught = learner()
    taught.private.noise_multiplier = 0.0
    taught.private.max_grad_norm = 1.0  # moments keep to their own bound; a tighter one shows that clipping works
    taught.sampling.rate = 1.0
    taught.step(0)
    samples = torch.cat([parameter.grad_sample.flatten(1) for parameter in taught.private.params], dim=1)
    norms = samples.norm(dim=1)
    assert len(norms) == 20 + 1  # a picture of each patient, and the row of zeros
    assert float(norms[:-1].min()) > 1.0
    assert float(norms[-1]) == 0.0
    clipped = samples * (1.0 / (norms + 1e-6)).clamp(max=1.0)[:, None]
    summed = torch.cat([parameter.summed_grad.flatten() for parameter in taught.private.params])
    assert torch.allclose(summed, clipped.sum(0), atol=1e-4)
    assert float(summed.norm()) <= 20.0

    taught.private.noise_multiplier, taught.private.max_grad_norm = 3.0, 2.0
    taught._criticise(1)
    summed = torch.cat([parameter.summed_grad.flatten() for parameter in taught.private.params])
    given = torch.cat([parameter.grad.flatten() for parameter in taught.private.params])
    # the optimiser has added nothing to the gradient yet when it is scaled: what differs is noise of 3 × 2
    noise = given * taught.private.expected_batch_size - summed
    assert float(noise.std()) == pytest.approx(6.0, rel=0.15)


def test_a_step_without_patients_is_noise_alone() -> None:
    taught = learner()
    taught.sampling.rate = 0.0
    taught.step(0)
    weights = taught.networks["critic"].score.weight
    expected = taught.ledger.noise * taught.settings.clipping / taught.private.expected_batch_size
    assert float(weights.detach().std()) == pytest.approx(expected, rel=0.1)


def test_moments_keep_to_their_bound_however_odd_the_picture() -> None:
    critic = MomentCritic(10, 2, bound=5.0)
    odd = torch.cat([torch.zeros(1, 10), 1e-3 * torch.ones(1, 10), 1e6 * torch.ones(1, 10)])
    norms = critic.moments(odd, torch.tensor([0, 1, 1])).norm(dim=1)
    assert float(norms[0]) == 0.0
    assert 0.0 < float(norms[1]) < 0.1
    assert float(norms[2]) == pytest.approx(5.0)


def test_without_noise_the_critics_weights_become_the_mean_moments_of_one_picture_per_patient() -> None:
    pictures = toy()
    taught = learner()
    taught.private.noise_multiplier = 0.0
    taught.sampling.rate = 1.0
    for number in range(6):
        taught.step(number)
    critic = taught.networks["critic"]
    with torch.no_grad():
        moments = sum(
            critic.moments(taught.texture(side), pictures.labels)
            for side in (to_range(pictures.pixels), to_range(pictures.pixels).flip(3))
        )
        expected = moments.mean(0) / 2 * 20 / taught.private.expected_batch_size
    found = critic.score.weight.detach()[0]
    assert float((found - expected).norm()) < 0.25 * float(expected.norm())


def test_statistics_tell_nothing_of_real_pictures() -> None:
    assert set(learner().step(0)) == {"loss_generator"}


def test_the_generator_moves_towards_what_the_critic_learnt() -> None:
    taught = learner(replace(PLAN, steps=30, privacy=PrivacyBudget(1e4, 1e-5, "patient")))
    taught.pictures = replace(taught.pictures, pixels=(taught.pictures.pixels // 3))  # real ones are darker
    losses = [float(taught.step(number)["loss_generator"]) for number in range(30)]
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[3:8])


def test_noise_and_sampling_do_not_follow_from_the_seed() -> None:
    assert not torch.equal(learner().secret.get_state(), learner().secret.get_state())


def test_a_resumed_training_keeps_the_ledger_and_goes_on_with_the_same_noise() -> None:
    whole = learner()
    for number in range(3):
        whole.step(number)
    tensors, settings = learner_tensors(whole)
    kept = {name: value.clone() for name, value in tensors.items()}
    state = torch.get_rng_state()
    for number in range(3, 6):
        whole.step(number)

    resumed = learner()
    restore_learner(resumed, kept, settings)
    torch.set_rng_state(state)
    assert resumed.ledger.taken == 3
    assert 0.0 < resumed.ledger.spent < whole.ledger.spent
    for number in range(3, 6):
        resumed.step(number)
    assert resumed.ledger.spent == whole.ledger.spent <= 8.0
    for name, value in whole.sampler.state_dict().items():
        assert torch.equal(value, resumed.sampler.state_dict()[name]), name
    with pytest.raises(BudgetError):
        resumed.step(6)


def test_the_card_tells_the_guarantee_and_the_file_loads(tmp_path: Path) -> None:
    pictures = toy()
    with pytest.raises(Paused):
        train(pictures, PLAN, tmp_path, device=CPU, seconds=0.0)
    generator = train(pictures, PLAN, tmp_path, device=CPU)
    told = generator.card["privacy"]
    assert 7.5 < told["epsilon"] <= 8.0
    assert (told["delta"], told["unit"], told["steps"]) == (1e-5, "patient", 6)
    assert told["sampling_rate"] == pytest.approx(8 / 20)
    assert told["epsilon"] == pytest.approx(epsilon_by_hand(told["noise_multiplier"], 0.4, 6, 1e-5), rel=0.02)
    assert generator.card["quality"] == {}
    assert "frechet" not in (tmp_path / "stats.jsonl").read_text()
    assert not generator.derived_from_patients
    loaded = TrainedGenerator.load(tmp_path / "generator.safetensors")
    drawn = loaded.sample({"malignant": 2, "normal": 1}, 4)
    assert torch.equal(drawn.pixels, generator.sample({"malignant": 2, "normal": 1}, 4).pixels)


@pytest.mark.parametrize("name", ["dcgan", "cyclegan", "stylegan"])
def test_architectures_that_cannot_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} can't be trained with differential privacy; these can: cgan"):
        architecture(name, private=True)


def test_plans_that_would_look_are_refused() -> None:
    with pytest.raises(ValueError, match="needs a budget"):
        learner(replace(PLAN, privacy=None))
    with pytest.raises(ValueError, match="stop by quality"):
        learner(replace(PLAN, patience=3))


def test_a_refiner_starts_as_the_identity() -> None:
    refiner = Refiner(("benign", "malignant"), SIZE)
    labels = torch.tensor([0, 1, 1])
    phantoms = to_range(draw_class_phantoms(refiner.classes, labels, SIZE, torch.Generator().manual_seed(1)))
    same = refiner(phantoms, labels, torch.randn(3, 8), torch.randn(3, 1, SIZE, SIZE))
    assert torch.allclose(same, 0.98 * phantoms, atol=1e-5)
    with pytest.raises(ValueError, match="none of 'cyst'"):
        draw_class_phantoms(("cyst",), labels[:1], SIZE, torch.Generator())


def test_texture_is_white_on_phantoms_and_differentiable() -> None:
    phantoms = to_range(draw_phantoms(600, SIZE, seed=2).canvases)
    texture = Texture(100)
    texture.standardise(phantoms, ridge=1e-6)
    told = texture(phantoms)
    assert torch.allclose(told.mean(0), torch.zeros(texture.length), atol=1e-2)
    assert torch.allclose(torch.cov(told.t()), torch.eye(100), atol=0.05)
    pictures = phantoms[:2].clone().requires_grad_()
    texture(pictures).square().sum().backward()
    assert pictures.grad is not None
    assert torch.isfinite(pictures.grad).all()
    assert (pictures.grad != 0).flatten(1).all()
