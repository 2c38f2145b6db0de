"""Reading pictures with every member of an ensemble."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ml.imaging.networks import BENIGN, MALIGNANT, AutoencoderGAN, Judgement, fake_score, log_odds
from ml.imaging.preprocessing import standardise

CHUNK = 32


@dataclass(frozen=True)
class Readings:
    """What every member says of pictures; each figure is the mean of the plain and the mirrored picture's."""

    log_odds: NDArray[np.float64]  # (members, n): malignant against benign, not calibrated
    reconstruction_error: NDArray[np.float64]  # (members, n): root mean square
    fake_score: NDArray[np.float64]  # (members, n): log-odds of fake against real
    features: NDArray[np.float64]  # (members, n, hidden)
    evidence: NDArray[np.float32]  # (members, n, h, w): the cells' shares of the log-odds


@torch.no_grad()
def read(networks: Sequence[AutoencoderGAN], canvases: Tensor) -> Readings:
    """Read canvases `(n, 1, h, w)` uint8 in chunks that bound the memory used."""
    parts = [
        [read_inputs(network, network_input(chunk, network.shape.size)) for chunk in canvases.split(CHUNK)]
        for network in networks
    ]
    joined = [[torch.cat(values) for values in zip(*chunks, strict=True)] for chunks in parts]
    stacked = [torch.stack(values) for values in zip(*joined, strict=True)]
    odds, errors, fakes, features, evidence = stacked
    return Readings(
        log_odds=odds.double().numpy(),
        reconstruction_error=errors.double().numpy(),
        fake_score=fakes.double().numpy(),
        features=features.double().numpy(),
        evidence=evidence.numpy(),
    )


def network_input(canvases: Tensor, size: int) -> Tensor:
    """Standardised pictures `(n, 1, size, size)` of canvases `(n, 1, h, w)` uint8."""
    small = functional.interpolate(
        canvases.float(), size=(size, size), mode="bilinear", antialias=True, align_corners=False
    )
    return standardise(small / 255.0)


def read_inputs(network: AutoencoderGAN, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Log-odds, reconstruction error and fake score `(n,)`, features `(n, hidden)` and evidence `(n, h, w)`."""
    views = [_read_view(network, view.to(memory_format=torch.channels_last)) for view in (inputs, inputs.flip(3))]
    plain, mirrored = views
    odds, errors, fakes, features = ((one + other) / 2.0 for one, other in zip(plain[:4], mirrored[:4], strict=True))
    return odds, errors, fakes, features, (plain[4] + mirrored[4].flip(2)) / 2.0


def _read_view(network: AutoencoderGAN, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    reading = network(inputs)
    error = (reading.reconstruction - functional.avg_pool2d(inputs, 2)).square().mean((1, 2, 3)).sqrt()
    judgement = reading.judgement
    return (
        log_odds(judgement.logits),
        error,
        fake_score(judgement.logits),
        judgement.features,
        evidence_cells(judgement),
    )


def evidence_cells(judgement: Judgement) -> Tensor:
    """Every cell's share `(n, h, w)` of the log-odds of malignant against benign.

    The two benign classes' cells are weighed by the classes' own chances, as the logarithm of their sum does to first
    order.
    """
    benign = judgement.logits[:, BENIGN].softmax(1)[:, :, None, None]
    return judgement.cells[:, MALIGNANT] - (benign * judgement.cells[:, BENIGN]).sum(1)
