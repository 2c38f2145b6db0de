"""The adversarial game under differential privacy: the discriminator learns by DP-SGD (Abadi et al., 2016).

Only the discriminator sees rows, so it is enough to clip and blur its gradients, row by row (Opacus); the generator
learns from it alone. Real rows come by Poisson sampling and fakes by fixed numbers; classes of the fakes are drawn by
the noisy sizes of the classes, never by the batch.
"""

from __future__ import annotations

import secrets
import warnings
from dataclasses import dataclass

import torch
from opacus import GradSampleModule
from opacus.optimizers import DPOptimizer
from torch import Tensor
from torch.nn.functional import softplus

from ml.gan.ema import average_into, frozen_copy
from ml.gan.tabular.networks import Generator
from ml.gan.tabular.training import Calls, Seen, TrainingSettings, adam, new_players

CLIP = 1.0  # of each row's gradient


@dataclass(frozen=True)
class PrivateSampling:
    """How rows get into a step, and how its gradient is blurred."""

    rate: float
    noise_multiplier: float
    malignant_share: float


def train_privately(
    rows: Tensor,
    classes: Tensor,
    seen: Seen,
    settings: TrainingSettings,
    sampling: PrivateSampling,
    *,
    seed: int,
    calls: Calls,
) -> Generator:
    """Train a generator of `rows`; as `ml.gan.tabular.training.train`, but private.

    Weights and the generator's noise follow `seed`; which rows are sampled and the privacy noise never do, so that
    nobody who knows the seed can take the noise out again.

    Raises:
        TrainingAborted: when `calls.abort` said so.
    """
    random = torch.Generator().manual_seed(seed)
    secret = torch.Generator().manual_seed(secrets.randbits(63))
    shown_real = seen(rows, classes)
    generator, discriminator = new_players(rows.shape[1], shown_real.shape[1], settings.hidden, seed)
    average, private = frozen_copy(generator), GradSampleModule(discriminator, loss_reduction="sum")
    make = adam(generator, settings.generator_rate)
    judge = DPOptimizer(
        adam(discriminator, settings.discriminator_rate),
        noise_multiplier=sampling.noise_multiplier,
        max_grad_norm=CLIP,
        expected_batch_size=None,
        loss_reduction="sum",
        generator=secret,
    )
    for step in range(settings.steps):
        calls.at(step, settings.steps)
        chosen = torch.rand(len(rows), generator=secret) < sampling.rate
        kinds = (torch.rand(settings.batch, generator=random) < sampling.malignant_share).long()
        fake = generator(torch.randn(settings.batch, rows.shape[1], generator=random), kinds)
        shown = seen(fake, kinds)
        judge.zero_grad()
        judged = private(torch.cat([shown_real[chosen], shown.detach()]), torch.cat([classes[chosen], kinds]))
        of_real, of_fake = judged.split([len(judged) - len(kinds), len(kinds)])
        with warnings.catch_warnings():  # that rows and classes, the inputs, take no gradients
            warnings.filterwarnings("ignore", message="Full backward hook is firing")
            (softplus(-of_real).sum() + softplus(of_fake).sum()).backward()
        judge.step()
        make.zero_grad()
        private.disable_hooks()
        discriminator.requires_grad_(False)
        softplus(-discriminator(shown, kinds)).mean().backward()
        discriminator.requires_grad_(True)
        private.enable_hooks()
        make.step()
        average_into(average, generator, settings.averaging, step)
    calls.at(settings.steps, settings.steps)
    private.remove_hooks()
    return average
