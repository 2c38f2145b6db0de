"""A fitted ensemble: everything that turns raw rows of measurements into readings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.calibration import LogisticCalibration
from ml.conformal import ConformalSets
from ml.fna.networks import FAKE, AutoencoderGAN
from ml.fna.novelty import Misfit, NoveltyScale
from ml.fna.preprocessing import FnaPreprocessor

CHUNK = 1024


@dataclass(frozen=True)
class EnsembleReading:
    """What every member says of `rows` rows."""

    log_odds: NDArray[np.float64]  # (members, rows): malignant against benign, not calibrated
    reconstruction_error: NDArray[np.float64]  # (members, rows): root mean square
    fake_score: NDArray[np.float64]  # (members, rows): log-odds of fake against real
    latent: NDArray[np.float32]  # (rows, members × latent)


@dataclass(frozen=True)
class FittedEnsemble:
    """Preprocessing, networks and what was learnt about their output from cases they had not seen."""

    preprocessor: FnaPreprocessor
    network: AutoencoderGAN
    calibration: LogisticCalibration
    conformal: ConformalSets
    misfit: Misfit
    novelty: NoveltyScale

    def inputs(self, X: NDArray[np.float64]) -> Tensor:
        """Raw rows `(rows, features)` as every member's input, `(members, rows, inputs)`."""
        scaled = torch.from_numpy(self.preprocessor.scale(X).astype(np.float32))
        return scaled.expand(self.network.members, -1, -1)

    def read(self, X: NDArray[np.float64]) -> EnsembleReading:
        """Read raw, complete rows `(rows, features)`, in chunks that bound the memory used."""
        chunks = [read_networks(self.network, self.inputs(X[i : i + CHUNK])) for i in range(0, len(X), CHUNK)]
        return EnsembleReading(
            log_odds=np.concatenate([chunk.log_odds for chunk in chunks], axis=1),
            reconstruction_error=np.concatenate([chunk.reconstruction_error for chunk in chunks], axis=1),
            fake_score=np.concatenate([chunk.fake_score for chunk in chunks], axis=1),
            latent=np.concatenate([chunk.latent for chunk in chunks]),
        )

    def residuals(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far each measurement lies from what the others imply: `(rows, features)`, in SD."""
        return self.misfit.residuals(self.preprocessor.gaussianise(X))

    def probability(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrated probability of malignant, `(rows,)`."""
        return self.calibration.probability(self.read(X).log_odds.mean(axis=0))

    def novelty_readings(self, reading: EnsembleReading, residuals: NDArray[np.float64]) -> NDArray[np.float64]:
        """The three readings of novelty, averaged over members: `(rows, 3)`."""
        return novelty_readings(residuals, reading.reconstruction_error.mean(axis=0), reading.fake_score.mean(axis=0))


def novelty_readings(
    residuals: NDArray[np.float64],
    reconstruction_error: NDArray[np.float64],
    fake_score: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Stack the three readings in the order of `ml.fna.novelty.READINGS`: `(rows, 3)`."""
    return np.stack([np.abs(residuals).max(axis=1), reconstruction_error, fake_score], axis=1)


@torch.no_grad()
def read_networks(network: AutoencoderGAN, inputs: Tensor) -> EnsembleReading:
    """Read scaled rows `(members, rows, inputs)` without noise."""
    latent, reconstruction, logits = network(inputs)
    error = (reconstruction - inputs).square().mean(dim=-1).sqrt()
    fake = logits[..., FAKE] - torch.logsumexp(logits[..., :FAKE], dim=-1)
    return EnsembleReading(
        log_odds=(logits[..., 1] - logits[..., 0]).double().numpy(),
        reconstruction_error=error.double().numpy(),
        fake_score=fake.double().numpy(),
        latent=latent.transpose(0, 1).flatten(1).contiguous().numpy(),
    )
