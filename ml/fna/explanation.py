"""What each measurement adds to the log-odds of malignant, by integrated gradients.

Integrated gradients (Sundararajan et al., 2017) follow the straight line, in the networks' input space, from
a baseline to the case and add up the gradient on the way. The contributions of all features sum to the
case's calibrated log-odds minus the baseline's. The baseline lies half-way between the mean benign and the
mean malignant training case.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.calibration import LogisticCalibration
from ml.fna.networks import AutoencoderGAN

NODES = 8


class Explainer:
    """Explains log-odds of an ensemble.

    Args:
        network: the ensemble.
        baseline: where the path starts, `(inputs,)`, scaled.
        calibration: turns the networks' log-odds into calibrated ones.
        features: number of measurements; inputs are one or two blocks of so many columns.
    """

    def __init__(
        self, network: AutoencoderGAN, baseline: Tensor, calibration: LogisticCalibration, features: int
    ) -> None:
        self._network = network
        self._baseline = baseline
        self._calibration = calibration
        self._features = features
        nodes, weights = np.polynomial.legendre.leggauss(NODES)
        self._nodes = torch.from_numpy((nodes + 1.0) / 2.0).float()
        self._weights = torch.from_numpy(weights / 2.0).float()
        self.baseline_log_odds = float(self._log_odds(baseline[None])[0])

    def contributions(self, scaled: Tensor) -> NDArray[np.float64]:
        """Contributions of scaled rows `(rows, inputs)`: `(rows, features)`, positive towards malignant."""
        steps = scaled - self._baseline
        points = self._baseline + self._nodes[:, None, None] * steps
        points = points.flatten(0, 1).requires_grad_()
        with torch.enable_grad():
            members = points.expand(self._network.members, -1, -1)
            total = self._network.log_odds(members).mean(dim=0).sum()
        gradient = torch.autograd.grad(total, points)[0].unflatten(0, (NODES, -1))
        parts = (steps * (self._weights[:, None, None] * gradient).sum(dim=0)).double().numpy()
        parts = parts / self._calibration.temperature
        # eight nodes leave a small quadrature error: share it in proportion, so that the sum is complete
        missing = self._log_odds(scaled) - self.baseline_log_odds - parts.sum(axis=1)
        sizes = np.abs(parts)
        parts = parts + missing[:, None] * sizes / np.maximum(sizes.sum(axis=1, keepdims=True), 1e-12)
        return np.asarray(parts.reshape(len(parts), -1, self._features).sum(axis=1))

    @torch.no_grad()
    def _log_odds(self, scaled: Tensor) -> NDArray[np.float64]:
        members = self._network.log_odds(scaled.expand(self._network.members, -1, -1))
        return self._calibration.log_odds(members.double().numpy().mean(axis=0))
