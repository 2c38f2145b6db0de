"""Training of the autoencoder-GAN: all members of all tasks advance together in batched matrix products.

A *task* is one training set with its ensemble; cross-validation hands over many tasks at once. Each task
draws from its own random generator, so what it learns does not depend on its companions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ml.fna.augmentation import dropout_mask, mixing_weights, mixup, noise
from ml.fna.networks import FAKE, AutoencoderGAN, NetworkShape

FAKE_SHARE = 4  # one fake to so many real rows: as good as even numbers, and nearly twice as fast

Progress = Callable[[int, int], None]
Abort = Callable[[], bool]


class TrainingAborted(RuntimeError):
    """Raised when the caller's `abort` asked to stop."""


@dataclass(frozen=True)
class TrainingSettings:
    """How the networks learn; the defaults are documented on `AutoencoderGANClassifier`."""

    steps: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    input_noise: float
    latent_noise: float
    reconstruction_weight: float
    adversarial_weight: float
    feature_matching_weight: float
    mixup: float
    dropout: float
    averaging: float
    malignant_weight: float


@dataclass(frozen=True)
class TrainingTask:
    """One training set and the rows that each member of its ensemble may see."""

    X: NDArray[np.float32]  # (rows, inputs), preprocessed
    y: NDArray[np.int64]  # (rows,), 0 benign, 1 malignant
    member_rows: Sequence[NDArray[np.int64]]  # per member: indices into X
    seed: int


class _Batches:
    """Draws each member's rows without replacement, epoch after epoch."""

    def __init__(self, task: TrainingTask, settings: TrainingSettings) -> None:
        rng = np.random.default_rng(task.seed)
        needed = settings.steps * settings.batch_size
        schedule = np.empty((len(task.member_rows), needed), dtype=np.int64)
        for member, rows in enumerate(task.member_rows):
            epochs = -(-needed // len(rows))
            order = np.concatenate([rng.permutation(rows) for _ in range(epochs)])
            schedule[member] = order[:needed]
        self._schedule = torch.from_numpy(schedule)
        self._batch_size = settings.batch_size
        self._X = torch.tensor(task.X)
        self._targets = functional.one_hot(torch.tensor(task.y), 3).float()
        shape = (settings.steps, len(task.member_rows), settings.batch_size, 1)
        alpha = settings.mixup
        draws = rng.beta(alpha, alpha, size=shape) if alpha else np.ones(shape)
        self._weights = mixing_weights(torch.from_numpy(draws.astype(np.float32)))

    def step(self, step: int) -> tuple[Tensor, Tensor]:
        """Mixed-up rows `(members, batch, inputs)` and soft targets `(members, batch, 3)`."""
        chosen = self._schedule[:, step * self._batch_size : (step + 1) * self._batch_size]
        weights = self._weights[step]
        return mixup(self._X[chosen], weights), mixup(self._targets[chosen], weights)


def train(
    tasks: Sequence[TrainingTask],
    shape: NetworkShape,
    settings: TrainingSettings,
    *,
    progress: Progress | None = None,
    abort: Abort | None = None,
) -> list[AutoencoderGAN]:
    """Train the ensembles of all tasks together.

    Args:
        tasks: training sets; all must have the same number of members.
        shape: widths of the networks.
        settings: the optimiser's and the losses' settings.
        progress: called as `progress(done, total)` in steps.
        abort: asked now and then; a true answer stops the training.

    Returns:
        One trained ensemble per task, weight-averaged, without gradients.

    Raises:
        TrainingAborted: when `abort` said so.
    """
    members = len(tasks[0].member_rows)
    generators = [torch.Generator().manual_seed(task.seed) for task in tasks]
    model = AutoencoderGAN(members * len(tasks), shape)
    model.initialise(generators)
    average = AutoencoderGAN(members * len(tasks), shape)
    average.load_state_dict(model.state_dict())
    batches = [_Batches(task, settings) for task in tasks]
    optimiser = torch.optim.AdamW(
        model.parameters(),
        lr=settings.learning_rate,
        betas=(0.8, 0.99),
        weight_decay=settings.weight_decay,
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.steps)
    for step in range(settings.steps):
        if step % 20 == 0:
            if abort is not None and abort():
                raise TrainingAborted(f"training stopped at step {step} of {settings.steps}")
            if progress is not None:
                progress(step, settings.steps)
        drawn = [batch.step(step) for batch in batches]
        rows = torch.cat([pair[0] for pair in drawn])
        targets = torch.cat([pair[1] for pair in drawn])
        optimiser.zero_grad(set_to_none=True)
        _loss(model, rows, targets, settings, generators).backward()
        optimiser.step()
        schedule.step()
        _average_into(average, model, min(settings.averaging, step / (step + 10)))
    if progress is not None:
        progress(settings.steps, settings.steps)
    for parameter in average.parameters():
        parameter.data = parameter.data.half().float()  # what a model file keeps; so nothing changes on saving
    return [average.select(slice(i * members, (i + 1) * members)) for i in range(len(tasks))]


def _loss(
    model: AutoencoderGAN,
    rows: Tensor,
    targets: Tensor,
    settings: TrainingSettings,
    generators: list[torch.Generator],
) -> Tensor:
    """The sum over members of every network's loss; frozen passes keep the players' gradients apart."""
    members, batch, _ = rows.shape
    latent = model.encoder(rows + settings.input_noise * noise(tuple(rows.shape), generators))
    reconstruction = functional.mse_loss(model.decoder(latent), rows) * members
    judged = latent + settings.latent_noise * noise(tuple(latent.shape), generators)
    adversarial = settings.adversarial_weight > 0 or settings.feature_matching_weight > 0
    fakes = None
    if adversarial:
        fake_shape = (members, max(1, batch // FAKE_SHARE), model.shape.noise)
        fakes = model.generator(noise(fake_shape, generators))
        judged = torch.cat([judged, fakes.detach()], dim=1)
    mask = dropout_mask((members, judged.shape[1], model.shape.hidden), settings.dropout, generators)
    judgement = model.discriminator(judged, mask)
    loss = settings.reconstruction_weight * reconstruction
    loss = loss + _cross_entropy(judgement.logits[:, :batch], targets, settings.malignant_weight)
    if fakes is not None:
        told_fake = _log_told_fake(judgement.logits[:, batch:])
        loss = loss - settings.adversarial_weight * told_fake.mean() * members
        loss = loss + _generator_loss(model, fakes, judgement.features[:, :batch], settings)
    return loss


def _log_told_fake(logits: Tensor) -> Tensor:
    """Log-probability of "fake". Fakes teach the fake logit alone: what they are taken for, benign or
    malignant, is not theirs to bend.
    """
    real = torch.logsumexp(logits[..., :FAKE].detach(), dim=-1)
    return functional.logsigmoid(logits[..., FAKE] - real)


def _cross_entropy(logits: Tensor, targets: Tensor, malignant_weight: float) -> Tensor:
    weights = targets[..., 0] + malignant_weight * targets[..., 1]
    losses = -(targets * functional.log_softmax(logits, dim=-1)).sum(-1)
    return (weights * losses).mean() * logits.shape[0]


def _generator_loss(model: AutoencoderGAN, fakes: Tensor, real_features: Tensor, settings: TrainingSettings) -> Tensor:
    """Feature matching (means of the last hidden layer), and the fakes' wish to pass as real."""
    judgement = model.discriminator.forward_frozen(fakes)
    distance = (judgement.features.mean(1) - real_features.detach().mean(1)).square().sum(-1).sum()
    log_real = torch.logsumexp(functional.log_softmax(judgement.logits, dim=-1)[..., :FAKE], dim=-1)
    wish = -log_real.mean() * fakes.shape[0]
    return settings.feature_matching_weight * distance + settings.adversarial_weight * wish


@torch.no_grad()
def _average_into(average: AutoencoderGAN, model: AutoencoderGAN, decay: float) -> None:
    """Exponential moving average of the weights."""
    torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1.0 - decay)
