"""Reading pictures with every network of an ensemble."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ml.imaging.networks import BENIGN, MALIGNANT, AutoencoderGAN, Judgement, fake_score, log_odds
from ml.imaging.views import Look, Views, network_input, on_the_picture

CHUNK = 32


@dataclass(frozen=True)
class Readings:
    """What every network says of pictures; each figure is the mean of the plain and the mirrored picture's."""

    log_odds: NDArray[np.float64]  # (networks, n): malignant against benign, not calibrated
    reconstruction_error: NDArray[np.float64]  # (networks, n): root mean square
    fake_score: NDArray[np.float64]  # (networks, n): log-odds of fake against real
    features: NDArray[np.float64]  # (networks, n, hidden)
    evidence: NDArray[np.float32]  # (networks, n, GRID, GRID): what counts for and against, per area of the picture


@torch.no_grad()
def read(networks: Sequence[AutoencoderGAN], looks: Sequence[Look], views: Views) -> Readings:
    """Read pictures with networks, each of which has its own look, in chunks that bound the memory used."""
    stacked = []
    for network, look in zip(networks, looks, strict=True):
        chunks = [
            read_inputs(network, network_input(chunk, network.shape.size)) for chunk in views.look(look).split(CHUNK)
        ]
        *figures, cells = (torch.cat(values) for values in zip(*chunks, strict=True))
        stacked.append([*figures, on_the_picture(cells, look, views.centres)])
    odds, errors, fakes, features, evidence = (torch.stack(values) for values in zip(*stacked, strict=True))
    return Readings(
        log_odds=odds.double().numpy(),
        reconstruction_error=errors.double().numpy(),
        fake_score=fakes.double().numpy(),
        features=features.double().numpy(),
        evidence=evidence.numpy(),
    )


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
    """How much every cell `(n, h, w)` counts for malignant (above 0) or benign (below): its weight in the answer times
    its own log-odds, squeezed into −1…1.

    Unsqueezed, they would add up to the log-odds, but a few cells that are very sure of little would outshout the
    lesion: of several maps this one lay on lesions most often (docs/models/ultrasound.md). The two benign classes are
    weighed by their chances in the whole picture, as the logarithm of their sum does to first order.
    """
    weights = judgement.attention.exp().reshape(len(judgement.cells), *judgement.cells.shape[2:])
    benign = judgement.logits[:, BENIGN].softmax(1)[:, :, None, None]
    shares = judgement.cells[:, MALIGNANT] - (benign * judgement.cells[:, BENIGN]).sum(1)
    return weights * torch.tanh(shares / weights.clamp(min=1e-9))
