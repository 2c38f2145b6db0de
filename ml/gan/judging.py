"""How good samples are while training: their Fréchet distance to the training pictures."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from ml.gan.pictures import TrainingPictures
from ml.metrics.images.extractor import Extractor, default_extractor
from ml.metrics.images.frechet import frechet_distance

JUDGED = 512  # samples; the distance depends on their number, so it is always the same

Draw = Callable[[int, int], Tensor]  # (count, seed) to pixels (count, 1, size, size) uint8, classes as in training
Judge = Callable[[Draw], dict[str, float]]


class FrechetJudge:
    """Fréchet distance between samples and the pictures trained on; pictures held out are never looked at."""

    def __init__(self, pictures: TrainingPictures, extractor: Extractor | None = None, samples: int = JUDGED) -> None:
        self._extractor = default_extractor() if extractor is None else extractor
        self._real = self._extractor(pictures.pixels)
        self._samples = samples

    def __call__(self, draw: Draw) -> dict[str, float]:
        """The distance as `frechet`; lower is better."""
        return {"frechet": frechet_distance(self._real, self._extractor(draw(self._samples, 0)))}
