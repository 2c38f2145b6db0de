"""Training of one member of the ensemble."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from ml.imaging.augmentation import Augmentation, AugmentationSettings
from ml.imaging.networks import FAKE, MALIGNANT, AutoencoderGAN, Judgement, NetworkShape, Reading
from ml.imaging.outlines import Outliner, attention_loss, shape_loss
from ml.imaging.phantoms import Phantoms
from ml.imaging.preprocessing import standardise
from ml.training.device import Device

PHANTOM_WEIGHT = 0.5  # of a phantom's class against a patient's

Progress = Callable[[int, int], None]
Abort = Callable[[], bool]


class TrainingAborted(RuntimeError):
    """Raised when the caller's `abort` asked to stop."""


@dataclass(frozen=True)
class TrainingSettings:
    """How the networks learn; documented on `ImageAutoencoderGANClassifier`."""

    steps: int = 450
    batch_size: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warm_up: float = 0.1
    reconstruction_weight: float = 0.3
    adversarial_weight: float = 0.1
    feature_matching_weight: float = 0.1
    outline_weight: float = 0.3
    mixup: float = 0.1
    smoothing: float = 0.05
    averaging: float = 0.99
    malignant_weight: float = 1.3
    rehearsal: float = 0.25
    shape_weight: float = 0.0

    def alone(self, steps: int) -> TrainingSettings:
        """The settings for learning from phantoms alone: faster, of the classes' true frequency, shapes too."""
        return replace(self, steps=steps, learning_rate=2e-3, mixup=0.0, malignant_weight=1.0, shape_weight=1.0)


@dataclass(frozen=True)
class Lessons:
    """What a member learns from: patients' pictures, phantoms, or both.

    Attributes:
        canvases: `(n, 1, h, w)` uint8, somewhat larger than the networks' input.
        labels: `(n,)`, indices into `networks.CLASSES`, never "fake".
        phantoms: simulated pictures with outlined lesions.
    """

    canvases: Tensor
    labels: Tensor
    phantoms: Phantoms | None = None


def train_member(
    lessons: Lessons,
    shape: NetworkShape,
    settings: TrainingSettings,
    changes: AugmentationSettings,
    device: Device,
    *,
    seed: int,
    start: Mapping[str, Tensor] | None = None,
    progress: Progress | None = None,
    abort: Abort | None = None,
) -> AutoencoderGAN:
    """Train one autoencoder-GAN.

    Args:
        lessons: what to learn from; `settings.rehearsal` phantoms come with every picture of a patient.
        shape: sizes of the networks.
        settings: optimiser's and losses' settings.
        changes: augmentation.
        device: where to train.
        seed: of the weights, the order and the augmentation.
        start: weights to start from instead of random ones.
        progress: called as `progress(done, total)` in steps.
        abort: asked at every step; a true answer stops the training.

    Returns:
        The network on the CPU, with averaged weights rounded to half precision, in evaluation mode.

    Raises:
        TrainingAborted: when `abort` said so.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = device.place(AutoencoderGAN(shape)).train()
        if start is not None:
            model.load_state_dict(start)
        outliner = device.place(Outliner(shape)) if settings.shape_weight else None
        taught = [*model.parameters(), *(outliner.parameters() if outliner is not None else ())]
        average = copy.deepcopy(model).eval().requires_grad_(False)
        runner = torch.compile(model) if device.compiled else model
        optimiser = device.optimiser(taught, settings.learning_rate, settings.weight_decay)
        for step, batch in enumerate(_batches(lessons, shape, settings, changes)):
            if abort is not None and abort():
                raise TrainingAborted(f"training stopped at step {step} of {settings.steps}")
            if progress is not None:
                progress(step, settings.steps)
            for group in optimiser.param_groups:
                group["lr"] = settings.learning_rate * _schedule(step, settings)
            optimiser.zero_grad(set_to_none=True)
            placed = _Batch(*(tensor.to(device.torch_device) for tensor in batch))
            pictures = placed.pictures.to(memory_format=torch.channels_last)
            with device.autocast():
                reading = runner(pictures)
                loss = _loss(reading, model, placed, settings)
                if outliner is not None:
                    drawn = outliner(reading.encoded.latent)
                    loss = loss + settings.shape_weight * shape_loss(drawn, placed.outlines)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(taught, 5.0)
            optimiser.step()
            _average_into(average, model, min(settings.averaging, (1 + step) / (10 + step)))
        if progress is not None:
            progress(settings.steps, settings.steps)
        return _finished(average)


class _Batch(NamedTuple):
    pictures: Tensor  # (n, 1, size, size), standardised
    targets: Tensor  # (n, 4)
    outlines: Tensor  # (n, 1, size, size), 0 everywhere where none is known
    weights: Tensor  # (n,)


def _batches(
    lessons: Lessons, shape: NetworkShape, settings: TrainingSettings, changes: AugmentationSettings
) -> Iterator[_Batch]:
    """Augmented batches, `settings.steps` of them."""
    augment = Augmentation(changes, shape.size)
    count, phantoms = len(lessons.canvases), lessons.phantoms
    size = settings.batch_size if count else 0
    drawn = 0
    if phantoms is not None:
        drawn = round(settings.rehearsal * settings.batch_size) if count else settings.batch_size
    order = _order(count, settings)
    for step in range(settings.steps):
        rows = order[step * size : (step + 1) * size]
        canvases, labels = lessons.canvases[rows], lessons.labels[rows]
        masks = torch.zeros_like(canvases)
        if phantoms is not None and drawn:
            chosen = torch.randint(0, len(phantoms.labels), (drawn,))
            canvases = torch.cat([canvases, phantoms.canvases[chosen]])
            masks = torch.cat([masks, phantoms.masks[chosen]])
            labels = torch.cat([labels, phantoms.labels[chosen]])
        shuffled = torch.randperm(len(labels))
        pictures, outlines = augment(canvases[shuffled], masks[shuffled])
        weights = torch.ones(len(labels))
        weights[size:] = PHANTOM_WEIGHT if count else 1.0
        targets = functional.one_hot(labels[shuffled], FAKE + 1).float()
        mixed, targets = _mix(standardise(pictures), targets, settings.mixup)
        yield _Batch(mixed, targets, outlines, weights[shuffled])


def _order(count: int, settings: TrainingSettings) -> Tensor:
    """Rows drawn without replacement, epoch after epoch."""
    if not count:
        return torch.empty(0, dtype=torch.int64)
    needed = settings.steps * settings.batch_size
    return torch.cat([torch.randperm(count) for _ in range(-(-needed // count))])[:needed]


def _schedule(step: int, settings: TrainingSettings) -> float:
    """Linear warm-up, then half a cosine to nothing."""
    rising = max(1, round(settings.warm_up * settings.steps))
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1.0 + math.cos(math.pi * (step - rising) / max(1, settings.steps - rising)))


def _mix(pictures: Tensor, targets: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
    """Each picture and its target mixed with another's (Zhang et al., 2018)."""
    if not alpha:
        return pictures, targets
    weights = torch.distributions.Beta(alpha, alpha).sample((len(pictures),))
    weights = torch.maximum(weights, 1.0 - weights)
    other = torch.randperm(len(pictures))
    wide = weights.reshape(-1, 1, 1, 1)
    mixed = wide * pictures + (1.0 - wide) * pictures[other]
    return mixed, weights[:, None] * targets + (1.0 - weights[:, None]) * targets[other]


def _loss(reading: Reading, model: AutoencoderGAN, batch: _Batch, settings: TrainingSettings) -> Tensor:
    """All networks' losses; frozen passes keep the two players' gradients apart."""
    real = reading.judgement
    loss = _cross_entropy(real.logits, batch, settings)
    small = functional.avg_pool2d(batch.pictures, 2)
    loss = loss + settings.reconstruction_weight * functional.mse_loss(reading.reconstruction.float(), small)
    loss = loss + settings.outline_weight * attention_loss(real, reading.encoded.latent.shape[-1], batch.outlines)
    if settings.adversarial_weight or settings.feature_matching_weight:
        noise = torch.randn(max(2, len(small) // 4), model.shape.noise, device=small.device)
        fakes = model.generator(noise)
        told = _real_against_fake(model.discriminator(fakes.detach()).logits)
        loss = loss - settings.adversarial_weight * functional.logsigmoid(-told).mean()
        loss = loss + _generator_loss(model, fakes, real, settings)
    return loss


def _cross_entropy(logits: Tensor, batch: _Batch, settings: TrainingSettings) -> Tensor:
    """Of real pictures and phantoms; a little of every target goes to the other real classes."""
    smooth = batch.targets.clone()
    smooth[:, :FAKE] = (1.0 - settings.smoothing) * batch.targets[:, :FAKE] + settings.smoothing / FAKE
    weights = batch.weights * (1.0 + (settings.malignant_weight - 1.0) * batch.targets[:, MALIGNANT])
    return -(weights * (smooth * functional.log_softmax(logits, dim=1)).sum(1)).mean()


def _real_against_fake(logits: Tensor) -> Tensor:
    """Log-odds of real against fake. Fakes teach the fake logit alone: the others aren't theirs to bend."""
    return torch.logsumexp(logits[:, :FAKE].detach(), dim=1) - logits[:, FAKE]


def _generator_loss(model: AutoencoderGAN, fakes: Tensor, real: Judgement, settings: TrainingSettings) -> Tensor:
    """Feature matching (means of the last hidden layer), and the fakes' wish to pass as real."""
    frozen = {name: value.detach() for name, value in model.discriminator.named_parameters()}
    judged: Judgement = torch.func.functional_call(model.discriminator, frozen, (fakes,))
    distance = (judged.features.mean(0) - real.features.detach().mean(0)).square().sum()
    odds = torch.logsumexp(judged.logits[:, :FAKE], dim=1) - judged.logits[:, FAKE]
    wish = -functional.logsigmoid(odds).mean()
    return settings.feature_matching_weight * distance + settings.adversarial_weight * wish


@torch.no_grad()
def _average_into(average: AutoencoderGAN, model: AutoencoderGAN, decay: float) -> None:
    """Exponential moving average of weights; batch statistics too."""
    torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1.0 - decay)
    for kept, new in zip(average.buffers(), model.buffers(), strict=True):
        if kept.is_floating_point():
            kept.lerp_(new, 1.0 - decay)


def _finished(average: AutoencoderGAN) -> AutoencoderGAN:
    """On the CPU, in what a model file keeps, so that nothing changes on saving."""
    finished = average.cpu().eval()
    for tensor in [*finished.parameters(), *finished.buffers()]:
        if tensor.is_floating_point():
            tensor.data = tensor.data.half().float()
    return finished
