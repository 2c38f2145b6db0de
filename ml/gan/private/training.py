"""The conditional GAN under differential privacy: DP-SGD on the critic, the generator learns from the critic alone.

Patients' pictures reach nothing but the critic's gradients, which are clipped picture by picture, summed and noised
(Abadi et al., 2016; GANs: Xie et al., 2018). Whatever is made of the critic afterwards – the generator, its pictures,
the grids – inherits the guarantee. Nothing else may look: the run has a fixed number of steps, no judge chooses among
its weights, and its statistics tell nothing of the real pictures' losses.

Noise and sampling come from a secret source of chance, not from the plan's seed: who knows the seed could take the
noise away again. So two private runs of one plan differ, while an interrupted one goes on as if it had not been.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from opacus import GradSampleModule
from opacus.optimizers import DPOptimizer
from torch import Tensor, nn
from torch.nn import functional

from ml.gan.architectures import Architecture, Learner, SamplingNetwork, Setting
from ml.gan.ema import average_into, frozen_copy
from ml.gan.pictures import to_range
from ml.gan.private.critic import MomentCritic
from ml.gan.private.ledger import Ledger
from ml.gan.private.patients import PatientSampler, privacy_groups
from ml.gan.private.refiner import STYLE, Refiner, draw_class_phantoms
from ml.gan.private.texture import KEPT, Texture

STEEPEST = 1.0  # bound on the norm of the generator's gradient
WARM_UP = 20  # steps


@dataclass(frozen=True)
class PrivateSettings:
    """How the networks learn.

    Attributes:
        phantoms: in the bank that is refined while training.
        clipping: bound on the norm of one picture's gradient.
        refiner_rate: the generator's learning rate.
        refined: phantoms refined in a step.
        memory: share of the refined pictures' mean moments that is kept from step to step.
        averaging: decay of the average of the generator's weights.
    """

    phantoms: int = 512
    clipping: float = 12.0
    refiner_rate: float = 1e-3
    refined: int = 16
    memory: float = 0.9
    averaging: float = 0.97


class PrivateCGAN(Architecture):
    """The conditional GAN that keeps (ε, δ)-differential privacy, by patient."""

    name = "cgan"
    title = "CGAN under differential privacy"
    batch = 64  # patients drawn in a step, on average
    steps = MappingProxyType({"quick": 150, "standard": 400, "thorough": 600})

    def sampler(self, classes: tuple[str, ...], size: int) -> SamplingNetwork:
        """The generator to load averaged weights into."""
        return Refiner(classes, size)

    def learner(self, setting: Setting) -> Learner:
        """A training from fresh weights.

        Raises:
            ValueError: without a budget, or with a plan that would let quality decide when to stop.
        """
        return PrivateLearner(setting, PrivateSettings())


class PrivateLearner(Learner):
    """A private training."""

    def __init__(self, setting: Setting, settings: PrivateSettings) -> None:
        plan, pictures = setting.plan, setting.pictures
        if plan.privacy is None:
            raise ValueError("a private training needs a budget: give the plan ε and δ")
        if plan.patience is not None:
            raise ValueError("a private training takes all of its steps: to stop by quality would look at the pictures")
        self.settings = settings
        self.device = setting.device
        self.pictures = pictures
        self.sampling = PatientSampler(privacy_groups(pictures, plan.privacy.unit), plan.batch)
        self.ledger = Ledger(plan.privacy, self.sampling.rate, plan.steps)
        self.secret = torch.Generator().manual_seed(secrets.randbits(63))
        self._bank = self._phantoms(plan.size)
        self._build(plan.size, len(pictures.classes))

    def _phantoms(self, size: int) -> tuple[Tensor, Tensor]:
        """Phantoms to refine and their labels, classes in proportion (the counts stand on the card and are public)."""
        rows = torch.linspace(0, len(self.pictures) - 1, self.settings.phantoms).round().long()
        labels = self.pictures.labels.sort().values[rows]
        drawn = draw_class_phantoms(self.pictures.classes, labels, size, torch.default_generator)
        return to_range(drawn), labels

    def _build(self, size: int, classes: int) -> None:
        settings, there = self.settings, self.device.torch_device
        self.texture = Texture(min(KEPT, settings.phantoms // 2))
        self.texture.standardise(self._bank[0])
        self.texture.to(there).requires_grad_(requires_grad=False)
        critic = MomentCritic(self.texture.length, classes, settings.clipping).to(there)
        self.critic = critic
        self.sampled = GradSampleModule(critic)  # the same weights, with a gradient for each picture
        self.refiner = self.device.place(Refiner(self.pictures.classes, size))
        self.average = frozen_copy(self.refiner)
        self.seen = SeenMoments(critic.score.in_features, settings.memory).to(there)
        self.networks: dict[str, nn.Module] = {
            "texture": self.texture,
            "critic": critic,
            "refiner": self.refiner,
            "average": self.average,
            "seen": self.seen,
        }
        descent = torch.optim.SGD(critic.parameters(), lr=1.0, weight_decay=1.0)
        self.private = DPOptimizer(
            descent,
            noise_multiplier=self.ledger.noise,
            max_grad_norm=settings.clipping,
            expected_batch_size=max(1, round(self.sampling.expected)),
            generator=self.secret,
        )
        self.optimisers: dict[str, torch.optim.Optimizer] = {
            "critic": descent,
            "refiner": torch.optim.Adam(self.refiner.parameters(), settings.refiner_rate, (0.5, 0.99)),
        }

    @property
    def sampler(self) -> SamplingNetwork:
        """The generator with averaged weights."""
        return self.average

    def state(self) -> dict[str, Tensor]:
        """The ledger, and the state of the secret source of chance: keep checkpoints as safe as the pictures."""
        return {"ledger": self.ledger.state(), "secret": self.secret.get_state()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on with both."""
        self.ledger.restore(state["ledger"])
        self.secret.set_state(state["secret"])

    def step(self, number: int) -> dict[str, Tensor]:
        """One private update of the critic, one of the generator; tells nothing of the real pictures."""
        self._criticise(number)
        moments = self._refine()
        loss = self.seen.distance(moments, self.critic.score.weight.detach()[0])
        optimiser = self.optimisers["refiner"]
        for group in optimiser.param_groups:
            group["lr"] = self.settings.refiner_rate * min(1.0, (number + 1) / WARM_UP)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.refiner.parameters(), STEEPEST)
        optimiser.step()
        average_into(self.average, self.refiner, self.settings.averaging, number)
        return {"loss_generator": loss.detach()}

    def report(self) -> dict[str, Any]:
        """The guarantee, as spent."""
        budget = self.ledger.budget
        return {
            "privacy": {
                "epsilon": self.ledger.spent,
                "delta": budget.delta,
                "unit": budget.unit,
                "asked_epsilon": budget.epsilon,
                "neighbours": f"data sets that differ by all pictures of one {budget.unit}",
                "mechanism": "DP-SGD on the critic (Opacus), Poisson sampling, one picture of a unit in a step",
                "accountant": "rdp",
                "noise_multiplier": self.ledger.noise,
                "clipping": self.settings.clipping,
                "sampling_rate": self.sampling.rate,
                "steps": self.ledger.taken,
                "not_covered": "the number of pictures of each class, the hash of the training pictures, and figures "
                "of quality or privacy that were measured against them",
            }
        }

    def _criticise(self, number: int) -> None:
        """DP-SGD: every real picture has a clipped gradient of its own, and noise is added to their sum.

        A row of zeros, whose gradient is nothing, stands beside them, as a step may draw no patient at all.
        """
        self.ledger.charge()
        rows = self.sampling.draw(self.secret)
        real = to_range(self.pictures.pixels[rows])
        mirrored = torch.rand(len(rows), 1, 1, 1, generator=self.secret) < 0.5
        real = torch.where(mirrored, real.flip(3), real).to(self.device.torch_device)
        with torch.no_grad():
            labels = self.pictures.labels[rows].to(real.device)
            moments = functional.pad(self.critic.moments(self.texture(real), labels), (0, 0, 0, 1))
        for group in self.private.param_groups:
            group["lr"] = 1.0 / (number + 1)
        self.private.zero_grad(set_to_none=True)
        (-self.sampled(moments.requires_grad_())).mean().backward()  # moments need none: Opacus's hooks do
        self.private.step()

    def _refine(self) -> Tensor:
        """The moments of freshly refined phantoms of the bank."""
        phantoms, codes = self._bank
        rows = torch.randint(0, len(codes), (self.settings.refined,))
        chosen = phantoms[rows]
        chosen = torch.where(torch.rand(len(rows), 1, 1, 1) < 0.5, chosen.flip(3), chosen)
        there = self.device.torch_device
        labels = codes[rows].to(there)
        style = torch.randn(len(rows), STYLE).to(there)
        noise = torch.randn(chosen.shape).to(there)
        with self.device.autocast():
            pictures = self.refiner(chosen.to(there), labels, style, noise)
        moments: Tensor = self.critic.moments(self.texture(pictures), labels)
        return moments


class SeenMoments(nn.Module):
    """The mean moments of the pictures refined in the last steps."""

    mean: Tensor
    weight: Tensor

    def __init__(self, length: int, memory: float) -> None:
        super().__init__()
        self.memory = memory
        self.register_buffer("mean", torch.zeros(length))
        self.register_buffer("weight", torch.zeros(()))

    def distance(self, moments: Tensor, wanted: Tensor) -> Tensor:
        """Squared distance of the mean with these moments `(n, length)` taken in from the one wanted `(length,)`."""
        weight = self.memory * self.weight + 1.0
        mean = (self.memory * self.weight * self.mean + moments.mean(0)) / weight
        self.mean.copy_(mean.detach())
        self.weight.copy_(weight)
        return (mean - wanted).square().sum()
