"""The benchmark's judge: as the training's own, and class by class."""

from __future__ import annotations

import numpy as np
import torch

from ml.gan.judging import JUDGED, Draw
from ml.gan.pictures import TrainingPictures
from ml.metrics.images.extractor import Extractor
from ml.metrics.images.frechet import frechet_distance

CLASS_FIGURE = "frechet_by_class"


class ClassJudge:
    """Fréchet distance to the pictures trained on: over all, and the mean of the classes' own distances.

    The second one tells whether a picture is of the class that was asked for. Pictures held out are never looked at.
    """

    def __init__(self, pictures: TrainingPictures, extractor: Extractor) -> None:
        self._extractor = extractor
        self._real = extractor(pictures.pixels)
        self._labels = pictures.labels.numpy()
        rows = torch.linspace(0, len(pictures) - 1, JUDGED).round().long()
        self._drawn = pictures.labels.sort().values[rows].numpy()  # the classes that `Draw` promises

    def __call__(self, draw: Draw) -> dict[str, float]:
        """The distances as `frechet` and `frechet_by_class`; lower is better."""
        fake = self._extractor(draw(JUDGED, 0))
        by_class = [
            frechet_distance(self._real[self._labels == code], fake[self._drawn == code])
            for code in np.unique(self._labels)
        ]
        return {"frechet": frechet_distance(self._real, fake), CLASS_FIGURE: float(np.mean(by_class))}
