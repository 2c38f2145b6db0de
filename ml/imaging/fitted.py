"""A fitted ensemble: everything that turns a picture's views into readings and answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.calibration import LogisticCalibration
from ml.conformal import ConformalSets
from ml.imaging.ensemble import Readings, read
from ml.imaging.looks import texture_rows
from ml.imaging.networks import AutoencoderGAN
from ml.imaging.novelty import Distance, KindBoundary, NoveltyScale
from ml.imaging.preprocessing import CANVAS_MARGIN
from ml.imaging.views import Look, Views


@dataclass(frozen=True)
class FittedEnsemble:
    """Networks, and what was learnt about their output from pictures they had not seen."""

    networks: Sequence[AutoencoderGAN]
    looks: tuple[Look, ...]
    finder: AutoencoderGAN | None
    calibration: LogisticCalibration
    conformal: ConformalSets
    texture: Distance
    kind: KindBoundary
    features: Sequence[Distance]  # one per network
    novelty: NoveltyScale
    fingerprints: NDArray[np.uint8]  # (n, 32), of the training pictures

    @property
    def canvas_side(self) -> int:
        """Of the canvases that it reads, in pixels."""
        return round(CANVAS_MARGIN * self.networks[0].shape.size)

    def read(self, views: Views) -> Readings:
        """What every network says of pictures."""
        return read(self.networks, self.looks, views)

    def novelty_readings(self, readings: Readings, views: Views) -> NDArray[np.float64]:
        """The readings of novelty `(n, 5)`."""
        figures = texture_rows(views.detailed)
        distances = [distance.of(features) for distance, features in zip(self.features, readings.features, strict=True)]
        return np.stack(
            [
                self.texture.of(figures),
                self.kind.of(figures),
                np.mean(distances, axis=0),
                readings.reconstruction_error.mean(axis=0),
                readings.fake_score.mean(axis=0),
            ],
            axis=1,
        )
