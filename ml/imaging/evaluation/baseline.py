"""torchvision's ResNet-18, trained from scratch on the same folds: what the design has to beat."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

import ml.imaging.vision_ops  # noqa: F401 - before torchvision
from ml.imaging.augmentation import AugmentationSettings, RandomGeometry, RandomScanner
from ml.imaging.preprocessing import standardise
from ml.imaging.training import Progress
from ml.imaging.views import network_input
from ml.training.device import Device

from torchvision.models import resnet18  # type: ignore[import-untyped]  # isort: skip

SIZE = 96
BATCH = 32
LEARNING_RATE = 1e-3
WEIGHT_DECAY = 0.05
ORDINARY = AugmentationSettings(
    rotation=15.0, scale=(0.85, 1.2), aspect=0.1, shear=0.05, gamma=0.2, contrast=0.2, depth_gain=0.0, speckle=0.0
)


def fit_resnet(
    canvases: Tensor,
    outcomes: NDArray[np.int64],
    device: Device,
    *,
    steps: int,
    seed: int,
    progress: Progress | None = None,
) -> nn.Module:
    """Train ResNet-18 with ordinary augmentation (flips, turns, zoom, brightness), AdamW and half a cosine.

    Args:
        canvases: `(n, 1, h, w)` uint8.
        outcomes: `(n,)`, 1 malignant.
        device: where to train.
        steps: of the optimiser.
        seed: of everything random.
        progress: called as `progress(done, total)` in steps.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network: nn.Module = resnet18(num_classes=2)
        network.conv1 = nn.Conv2d(1, 64, 7, 2, 3, bias=False)
        device.place(network).train()
        geometry, scanner = RandomGeometry(ORDINARY, SIZE), RandomScanner(ORDINARY)
        optimiser = device.optimiser(list(network.parameters()), LEARNING_RATE, WEIGHT_DECAY)
        labels = torch.from_numpy(outcomes)
        order = torch.cat([torch.randperm(len(labels)) for _ in range(-(-steps * BATCH // len(labels)))])
        for step in range(steps):
            if progress is not None:
                progress(step, steps)
            share = min(1.0, (step + 1) / (0.1 * steps)) * 0.5 * (1.0 + math.cos(math.pi * step / steps))
            for group in optimiser.param_groups:
                group["lr"] = LEARNING_RATE * share
            rows = order[step * BATCH : (step + 1) * BATCH]
            pictures = standardise(scanner(geometry(canvases[rows].float() / 255.0)))
            optimiser.zero_grad(set_to_none=True)
            with device.autocast():
                logits = network(pictures.to(device.torch_device).to(memory_format=torch.channels_last))
            functional.cross_entropy(logits.float(), labels[rows].to(device.torch_device)).backward()
            optimiser.step()
        return network.cpu().eval()


@torch.no_grad()
def resnet_log_odds(network: nn.Module, canvases: Tensor) -> NDArray[np.float64]:
    """Log-odds of malignant `(n,)`, mean of the plain and the mirrored picture's."""
    parts = []
    for chunk in canvases.split(BATCH):
        inputs = network_input(chunk, SIZE)
        logits = (network(inputs) + network(inputs.flip(3))) / 2.0
        parts.append(logits[:, 1] - logits[:, 0])
    return np.asarray(torch.cat(parts).double().numpy())
