"""The adversarial game over whitened scores: non-saturating loss, R1 penalty, averaged generator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from ml.gan.ema import average_into, frozen_copy
from ml.gan.tabular.networks import Discriminator, Generator

Progress = Callable[[int, int], None]
Abort = Callable[[], bool]
Record = Callable[[int, dict[str, float]], None]
Seen = Callable[[Tensor, Tensor], Tensor]
_ASK_EVERY = 50
_RECORD_EVERY = 25


class TrainingAborted(RuntimeError):
    """Raised when the caller's `abort` asked to stop."""


@dataclass(frozen=True)
class TrainingSettings:
    """How the two networks learn.

    Attributes:
        steps: of both players.
        batch: rows a step.
        hidden: width of both networks.
        generator_rate, discriminator_rate: Adam's.
        penalty: R1's weight (Mescheder et al., "Which training methods for GANs do actually converge?", 2018).
        penalty_every: steps between penalties.
        averaging: decay of the generator's moving average.
    """

    steps: int = 800
    batch: int = 128
    hidden: int = 96
    generator_rate: float = 1e-3
    discriminator_rate: float = 2e-3
    penalty: float = 0.3
    penalty_every: int = 4
    averaging: float = 0.998


@dataclass(frozen=True)
class Calls:
    """What a training run reports to and asks of its caller."""

    progress: Progress | None = None
    abort: Abort | None = None
    record: Record | None = None

    def losses(self, step: int, of_generator: Tensor, of_discriminator: Tensor) -> None:
        """Hand over both losses now and then."""
        if self.record is not None and step % _RECORD_EVERY == 0:
            self.record(step, {"loss_generator": of_generator.item(), "loss_discriminator": of_discriminator.item()})

    def at(self, step: int, steps: int) -> None:
        """Report and ask now and then.

        Raises:
            TrainingAborted: when `abort` said so.
        """
        if step % _ASK_EVERY and step != steps:
            return
        if self.abort is not None and self.abort():
            raise TrainingAborted(f"training stopped at step {step} of {steps}")
        if self.progress is not None:
            self.progress(step, steps)


def new_players(width: int, inputs: int, hidden: int, seed: int) -> tuple[Generator, Discriminator]:
    """Both networks with weights drawn from `seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Generator(width, hidden), Discriminator(inputs, hidden)


def train(
    rows: Tensor, classes: Tensor, seen: Seen, settings: TrainingSettings, *, seed: int, calls: Calls
) -> Generator:
    """Train a generator of `rows`.

    Args:
        rows: (n, width) float32, whitened scores.
        classes: (n,) int64.
        seen: what the discriminator sees of rows and their classes.
        settings: the game's.
        seed: of all randomness.
        calls: the caller's progress and abort.

    Returns:
        The generator, weight-averaged, without gradients.

    Raises:
        TrainingAborted: when `calls.abort` said so.
    """
    random = torch.Generator().manual_seed(seed)
    shown_real = seen(rows, classes)
    generator, discriminator = new_players(rows.shape[1], shown_real.shape[1], settings.hidden, seed)
    average = frozen_copy(generator)
    make, judge = adam(generator, settings.generator_rate), adam(discriminator, settings.discriminator_rate)
    for step in range(settings.steps):
        calls.at(step, settings.steps)
        chosen = torch.randint(len(rows), (settings.batch,), generator=random)
        kinds = classes[chosen]
        fake = generator(torch.randn(len(chosen), rows.shape[1], generator=random), kinds)
        shown = seen(fake, kinds)
        penalty = settings.penalty * settings.penalty_every if step % settings.penalty_every == 0 else 0.0
        judge.zero_grad()
        judging = _discriminator_loss(discriminator, shown_real[chosen], shown.detach(), kinds, penalty)
        judging.backward()
        judge.step()
        make.zero_grad()
        discriminator.requires_grad_(False)
        making = softplus(-discriminator(shown, kinds)).mean()
        making.backward()
        discriminator.requires_grad_(True)
        make.step()
        calls.losses(step, making, judging)
        average_into(average, generator, settings.averaging, step)
    calls.at(settings.steps, settings.steps)
    return average


def adam(player: nn.Module, rate: float) -> torch.optim.Optimizer:
    """Adam without momentum, as the game asks for."""
    return torch.optim.Adam(player.parameters(), lr=rate, betas=(0.0, 0.99), fused=True)


def _discriminator_loss(
    discriminator: Discriminator, real: Tensor, fake: Tensor, classes: Tensor, penalty: float
) -> Tensor:
    if penalty:
        real.requires_grad_(True)
    judged = discriminator(torch.cat([real, fake]), torch.cat([classes, classes]))
    of_real, of_fake = judged.split(len(real))
    loss = softplus(-of_real).mean() + softplus(of_fake).mean()
    if penalty:
        (slope,) = torch.autograd.grad(of_real.sum(), real, create_graph=True)
        loss = loss + penalty / 2 * slope.square().sum(1).mean()
    return loss
