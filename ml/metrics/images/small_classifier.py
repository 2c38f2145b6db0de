"""A small convolutional network, trained from scratch in seconds, that tells malignant pictures from others.

It measures what training pictures are worth. The shipped classifier can't: its encoder learnt from BUSI's pictures, so
it would bring to synthetic pictures what it knows of real ones, held-out ones among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ml.imaging.views import network_input
from ml.metrics.classification import area_under_roc
from ml.one_thread import single_threaded
from ml.training.device import channels_last

SIDE = 64
WIDTH = 8
STEPS = 200
BATCH = 32
LEARNING_RATE = 3e-3
SHIFT = 4  # pixels, at most, that a training picture is moved by

NAME = "small conv net from scratch"
DESCRIPTION = (
    f"{NAME} (five convolutions, {WIDTH}–{4 * WIDTH} channels, {SIDE} × {SIDE} pixels, {STEPS} steps of {BATCH}, "
    "mirrored and shifted), malignant against the rest"
)


@dataclass(frozen=True)
class Lesson:
    """Pictures to learn from, ready for the network, and outcomes (1 malignant)."""

    inputs: Tensor  # (n, 1, SIDE, SIDE)
    outcomes: Tensor  # (n,) float32


@dataclass(frozen=True)
class Score:
    """On held-out pictures."""

    auc: float
    accuracy: float


def lesson(pixels: Tensor, outcomes: NDArray[np.int64]) -> Lesson:
    """Of grey pictures `(n, 1, h, w)` uint8 and outcomes `(n,)`."""
    return Lesson(network_input(pixels, SIDE), torch.from_numpy(outcomes.astype(np.float32)))


def train_and_score(lessons: Sequence[Lesson], held_out: Lesson, seed: int, *, steps: int = STEPS) -> Score:
    """Train on lessons, each of which has an equal share in every batch, and score on other pictures.

    The number of steps is always the same, whatever the number of pictures, so that more pictures don't mean more
    training. Torch's global random state is left as it was.
    """
    with single_threaded(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = channels_last(_network())
        optimiser = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=0.05)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=steps)
        for _ in range(steps):
            inputs, outcomes = _batch(lessons)
            logits = network(inputs.contiguous(memory_format=torch.channels_last))[:, 0]
            loss = functional.binary_cross_entropy_with_logits(logits, outcomes)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        return _score(network.eval(), held_out)


def _network() -> nn.Sequential:
    layers: list[nn.Module] = []
    inputs = 1
    for outputs, stride in ((WIDTH, 2), (2 * WIDTH, 2), (2 * WIDTH, 1), (4 * WIDTH, 2), (4 * WIDTH, 1)):
        layers += [nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.SiLU()]
        inputs = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(inputs, 1))


def _batch(lessons: Sequence[Lesson]) -> tuple[Tensor, Tensor]:
    """Pictures, mirrored by chance and shifted, and outcomes."""
    share = BATCH // len(lessons)
    rows = [torch.randint(len(part.outcomes), (share,)) for part in lessons]
    inputs = torch.cat([part.inputs[at] for part, at in zip(lessons, rows, strict=True)])
    mirrored = torch.where(torch.rand(len(inputs), 1, 1, 1) < 0.5, inputs.flip(3), inputs)
    padded = functional.pad(mirrored, (SHIFT, SHIFT, SHIFT, SHIFT), mode="replicate")
    down, across = torch.randint(2 * SHIFT + 1, (2,)).tolist()
    shifted = padded[:, :, down : down + SIDE, across : across + SIDE]
    return shifted, torch.cat([part.outcomes[at] for part, at in zip(lessons, rows, strict=True)])


@torch.no_grad()
def _score(network: nn.Module, held_out: Lesson) -> Score:
    logits = (network(held_out.inputs) + network(held_out.inputs.flip(3)))[:, 0].double().numpy() / 2.0
    outcomes = held_out.outcomes.numpy().astype(np.int64)
    return Score(area_under_roc(outcomes, logits), float(((logits > 0.0) == (outcomes == 1)).mean()))
