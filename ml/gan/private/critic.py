"""The private critic: the only thing that learns from patients' pictures.

It is linear in fixed moments of a picture's statistics (an integral probability metric, as McGAN: Mroueh et al., 2017).
Its weights minimise w·w/2 − E[w·m(real)], so they are the mean moments of real pictures, and stochastic gradient
descent with steps of 1/t is their running average: every step of DP-SGD lessens the noise of those before, where the
weights of a deep discriminator would add theirs up.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

PROJECTIONS = 384
_PROJECTION_SEED = 1912


class MomentCritic(nn.Module):
    """Statistics and class to a score that is higher the more a picture is like real ones.

    The moments are the statistics, by class, and squares of random projections of them, which tell of variances and
    correlations. They are shortened to `bound`, so no picture's gradient is longer.

    Args:
        length: of the statistics.
        classes: number of classes.
        bound: on the norm of one picture's moments.
    """

    projections: Tensor

    def __init__(self, length: int, classes: int, bound: float) -> None:
        super().__init__()
        self.classes = classes
        self.bound = bound
        random = torch.Generator().manual_seed(_PROJECTION_SEED)
        drawn = torch.randn(length, PROJECTIONS, generator=random)
        self.register_buffer("projections", drawn / drawn.norm(dim=0))
        self.score = nn.Linear(classes * length + PROJECTIONS, 1, bias=False)
        nn.init.zeros_(self.score.weight)

    def moments(self, statistics: Tensor, labels: Tensor) -> Tensor:
        """Moments `(n, classes × length + PROJECTIONS)` of statistics `(n, length)` of classes `labels` `(n,)`."""
        told = functional.one_hot(labels, self.classes).to(statistics.dtype)
        means = (told[:, :, None] * statistics[:, None]).flatten(1)
        squares = 0.5 * (statistics @ self.projections).square()
        found = torch.cat([means, squares], dim=1)
        bounded: Tensor = found * (self.bound / found.norm(dim=1, keepdim=True).clamp(min=self.bound))
        return bounded

    def forward(self, moments: Tensor) -> Tensor:
        """Scores `(n,)` of moments."""
        scores: Tensor = self.score(moments).squeeze(1)
        return scores
