"""Which pictures a private step sees: each patient is drawn by a coin of its own, and one picture of each drawn."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.gan.pictures import TrainingPictures
from ml.gan.plan import Unit


class PatientSampler:
    """Poisson sampling of patients, as the accountant assumes it; a patient never has more than one picture in a step.

    So a patient with many pictures is protected as one with a single picture is: each step's gradient holds one
    clipped part of his or hers at most.

    Args:
        groups: `(n,)`, the patient of each picture.
        batch: how many patients a step should draw on average.
    """

    def __init__(self, groups: NDArray[np.int64], batch: int) -> None:
        self.members = [torch.from_numpy(np.flatnonzero(groups == group)) for group in np.unique(groups)]
        self.rate = min(1.0, batch / len(self.members))

    @property
    def expected(self) -> float:
        """Patients in a step, on average."""
        return self.rate * len(self.members)

    def draw(self, random: torch.Generator) -> Tensor:
        """Rows `(k,)` of this step's pictures; k differs from step to step and may be 0."""
        drawn = (torch.rand(len(self.members), generator=random) < self.rate).nonzero().flatten()
        places = torch.rand(len(drawn), generator=random)
        rows = [
            self.members[patient][int(place * len(self.members[patient]))]
            for patient, place in zip(drawn.tolist(), places.tolist(), strict=True)
        ]
        return torch.stack(rows) if rows else torch.empty(0, dtype=torch.int64)


def privacy_groups(pictures: TrainingPictures, unit: Unit) -> NDArray[np.int64]:
    """What one guarantee covers: all pictures of a patient (and their near duplicates), or each picture by itself.

    Raises:
        ValueError: for a unit that pictures don't have.
    """
    if unit == "patient":
        return pictures.groups
    if unit == "picture":
        return np.arange(len(pictures))
    raise ValueError(f"pictures are protected by patient or by picture, not by {unit!r}")
