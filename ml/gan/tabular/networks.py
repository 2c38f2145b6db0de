"""The generator and the discriminator of the tabular GAN.

Both work on whitened normal scores, in which each class of the training table is close to a standard normal
distribution already. The generator is the identity plus a small correction, so that it starts from the per-class
Gaussian copula and the game is only about what that misses.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ml.gan.tabular.copula import CLASSES


class Generator(nn.Module):
    """Noise (n, width) and classes (n,) to whitened scores (n, width)."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.classes = nn.Embedding(CLASSES, hidden)
        self.enter = nn.Linear(width, hidden)
        self.middle = nn.Linear(hidden, hidden)
        self.leave = nn.Linear(hidden, width)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, noise: Tensor, classes: Tensor) -> Tensor:
        """The noise and its correction."""
        hidden = nn.functional.silu(self.enter(noise) + self.classes(classes))
        hidden = nn.functional.silu(self.middle(hidden))
        correction: Tensor = self.leave(hidden)
        return noise + correction


class Discriminator(nn.Module):
    """Scores (n, inputs) and classes (n,) to how real they look (n,): a projection discriminator.

    Miyato and Koyama, "cGANs with projection discriminator", 2018.
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(inputs, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, hidden), nn.LeakyReLU(0.2)
        )
        self.judge = nn.Linear(hidden, 1)
        self.classes = nn.Embedding(CLASSES, hidden)
        nn.init.zeros_(self.classes.weight)

    def forward(self, rows: Tensor, classes: Tensor) -> Tensor:
        """Logits: above 0 where real is likelier."""
        features = self.body(rows)
        logits: Tensor = torch.squeeze(self.judge(features), 1) + (features * self.classes(classes)).sum(1)
        return logits
