"""CycleGAN as an architecture: pairs of translators between the classes, and how they learn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ml.gan.architectures import Architecture, Learner, SamplingNetwork, Setting
from ml.gan.batches import Batches
from ml.gan.cyclegan.networks import PatchDiscriminator, ReplayBuffer, Translator
from ml.gan.cyclegan.sources import pick, reframe
from ml.gan.pictures import LabelledPictures, to_range

LEARNING_RATE = 4e-4  # twice the paper's: a hundredth of its steps
BETAS = (0.5, 0.999)
CYCLE = 10.0
IDENTITY = 5.0


class Translators(SamplingNetwork):
    """Translators between the first class and each further one, both ways.

    A picture of a further class is made from one of the first class; one of the first class from one of any other.

    Raises:
        ValueError: for fewer than two classes.
    """

    def __init__(self, classes: tuple[str, ...], size: int) -> None:
        super().__init__()
        if len(classes) < 2:
            raise ValueError(f"CycleGAN translates between classes and needs two or more; got {', '.join(classes)}")
        self.classes = classes
        self.size = size
        self.out = nn.ModuleList(Translator() for _ in classes[1:])
        self.home = nn.ModuleList(Translator() for _ in classes[1:])

    def draw(self, labels: Tensor, random: torch.Generator, sources: LabelledPictures | None = None) -> Tensor:
        """Translations of sources chosen at random.

        Raises:
            ValueError: without sources, or with none of a class that is needed.
        """
        if sources is None:
            raise ValueError("CycleGAN translates real pictures: give it some as sources")
        drawn = torch.empty(len(labels), 1, self.size, self.size, device=labels.device)
        partners = torch.randint(1, len(self.classes), (len(labels),), generator=random).to(labels.device)
        for code, name in enumerate(self.classes[1:], start=1):
            for translator, source, rows in (
                (self.out[code - 1], self.classes[0], labels == code),
                (self.home[code - 1], name, (labels == 0) & (partners == code)),
            ):
                if rows.any():
                    real = pick(sources, source, int(rows.sum()), random).to(labels.device)
                    drawn[rows] = translator(real)
        return drawn


@dataclass(frozen=True)
class _Pair:
    """What translates between the first class, a, and one other, b, and what judges it."""

    to_b: nn.Module
    to_a: nn.Module
    judge_a: nn.Module
    judge_b: nn.Module
    earlier_a: ReplayBuffer
    earlier_b: ReplayBuffer
    rows_a: Batches
    rows_b: Batches


class CycleGANLearner(Learner):
    """The pairs of classes take turns; a batch is one half of each class."""

    def __init__(self, setting: Setting) -> None:
        plan, self.pictures = setting.plan, setting.pictures
        self.device = setting.device
        self.steps = plan.steps
        self._sampler = self.device.place(Translators(self.pictures.classes, plan.size)).train()
        self.networks: dict[str, nn.Module] = {"translators": self._sampler}
        self.optimisers: dict[str, torch.optim.Optimizer] = {}
        self._pairs = [self._pair(code, plan.size, max(1, plan.batch // 2), plan.seed) for code in self._further]

    @property
    def _further(self) -> range:
        return range(1, len(self.pictures.classes))

    def _pair(self, code: int, size: int, batch: int, seed: int) -> _Pair:
        labels = self.pictures.labels.numpy()
        pair = _Pair(
            to_b=self._sampler.out[code - 1],
            to_a=self._sampler.home[code - 1],
            judge_a=self.device.place(PatchDiscriminator()),
            judge_b=self.device.place(PatchDiscriminator()),
            earlier_a=ReplayBuffer(size).to(self.device.torch_device),
            earlier_b=ReplayBuffer(size).to(self.device.torch_device),
            rows_a=Batches(np.flatnonzero(labels == 0), batch, seed),
            rows_b=Batches(np.flatnonzero(labels == code), batch, seed),
        )
        for name in ("judge_a", "judge_b", "earlier_a", "earlier_b"):
            self.networks[f"{name}.{code}"] = getattr(pair, name)
        self.optimisers[f"translators.{code}"] = self._adam(pair.to_a, pair.to_b)
        self.optimisers[f"judges.{code}"] = self._adam(pair.judge_a, pair.judge_b)
        return pair

    def _adam(self, *networks: nn.Module) -> torch.optim.Adam:
        parameters = [parameter for network in networks for parameter in network.parameters()]
        return torch.optim.Adam(parameters, LEARNING_RATE, BETAS)

    @property
    def sampler(self) -> SamplingNetwork:
        """The translators as they are."""
        return self._sampler

    def step(self, number: int) -> dict[str, Tensor]:
        """One update of one pair's translators, then of its discriminators."""
        turn, place = divmod(number, len(self._pairs))
        pair, code = self._pairs[place], place + 1
        self._schedule(number)
        a, b = self._real(pair.rows_a[turn]), self._real(pair.rows_b[turn])
        with self.device.autocast():
            fakes, loss, cycle = translators_loss(pair, a, b)
        self._update(f"translators.{code}", loss)
        with self.device.autocast():
            judged = judge_loss(pair.judge_a, a, pair.earlier_a.swap(fakes.a.float()))
            judged = judged + judge_loss(pair.judge_b, b, pair.earlier_b.swap(fakes.b.float()))
        self._update(f"judges.{code}", judged)
        return {"loss_generator": loss.detach(), "loss_discriminator": judged.detach(), "loss_cycle": cycle.detach()}

    def _schedule(self, number: int) -> None:
        """The paper's: one rate for the first half, then linearly to nothing."""
        rate = LEARNING_RATE * min(1.0, 2.0 * (1.0 - number / self.steps))
        for optimiser in self.optimisers.values():
            for group in optimiser.param_groups:
                group["lr"] = rate

    def _real(self, rows: NDArray[np.int64]) -> Tensor:
        pictures = to_range(self.pictures.pixels[torch.from_numpy(rows)])
        return reframe(pictures, torch.default_generator).to(self.device.torch_device)

    def _update(self, players: str, loss: Tensor) -> None:
        optimiser = self.optimisers[players]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()


class _Fakes(NamedTuple):
    a: Tensor
    b: Tensor


def translators_loss(pair: _Pair, a: Tensor, b: Tensor) -> tuple[_Fakes, Tensor, Tensor]:
    """Translations of real pictures, the translators' loss, and its cycle part (unweighted).

    The loss is least squares against the discriminators, `CYCLE` × what is lost there and back, and `IDENTITY` × what
    changes in a picture that already is of the class asked for.
    """
    count = len(a)
    fake_b, same_b = pair.to_b(torch.cat([a, b])).split([count, len(b)])
    fake_a, same_a = pair.to_a(torch.cat([b, a])).split([len(b), count])
    cycle = functional.l1_loss(pair.to_a(fake_b), a) + functional.l1_loss(pair.to_b(fake_a), b)
    identity = functional.l1_loss(same_a, a) + functional.l1_loss(same_b, b)
    with frozen(pair.judge_a), frozen(pair.judge_b):
        passed = (pair.judge_a(fake_a) - 1.0).square().mean() + (pair.judge_b(fake_b) - 1.0).square().mean()
    return _Fakes(fake_a, fake_b), passed + CYCLE * cycle + IDENTITY * identity, cycle


def judge_loss(judge: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """Least squares (Mao et al., 2017): 1 for real, 0 for translated; halved, as the paper, to slow it."""
    real_loss: Tensor = (judge(real) - 1.0).square().mean()
    fake_loss: Tensor = judge(fake).square().mean()
    return 0.5 * (real_loss + fake_loss)


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Let gradients pass through a network but not into it."""
    network.requires_grad_(requires_grad=False)
    try:
        yield
    finally:
        network.requires_grad_()


class CycleGAN(Architecture):
    """Translations between classes of real pictures: de-identified at best, never anonymous."""

    name = "cyclegan"
    title = "CycleGAN"
    needs_sources = True
    batch = 8
    steps = MappingProxyType({"quick": 150, "standard": 800, "thorough": 1600})

    def sampler(self, classes: tuple[str, ...], size: int) -> SamplingNetwork:
        """Untrained translators."""
        return Translators(classes, size)

    def learner(self, setting: Setting) -> Learner:
        """Fresh translators and discriminators."""
        return CycleGANLearner(setting)
