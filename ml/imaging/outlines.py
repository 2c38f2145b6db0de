"""What known outlines of lesions teach: where to look, and, from phantoms alone, every lesion's shape and margin."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from ml.imaging.networks import Judgement, NetworkShape


class Outliner(nn.Module):
    """Latent map to where the lesion is. It makes the encoder tell shapes and margins apart and is then forgotten."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.first = nn.Conv2d(shape.latent, shape.hidden, 3, 1, 1)
        self.last = nn.Conv2d(shape.hidden, 16, 1)

    def forward(self, latent: Tensor) -> Tensor:
        """Map `(n, latent, size / 8, size / 8)` to log-odds `(n, 1, size / 2, size / 2)` of lying inside."""
        return functional.pixel_shuffle(self.last(functional.silu(self.first(functional.silu(latent)))), 4)


def shape_loss(log_odds: Tensor, outlines: Tensor) -> Tensor:
    """How badly the outliner draws lesions: cross entropy of every place, and half of what the overlap lacks (Dice).

    Args:
        log_odds: the outliner's.
        outlines: `(n, 1, size, size)`, 1 inside a lesion, 0 everywhere where there is none.
    """
    wanted = functional.avg_pool2d(outlines, 2)
    drawn = log_odds.float()
    loss = functional.binary_cross_entropy_with_logits(drawn, wanted)
    there = wanted.sum((1, 2, 3)) > 0.5
    if not there.any():
        return loss
    inside, wanted = drawn[there].sigmoid(), wanted[there]
    both = (inside * wanted).sum((1, 2, 3))
    overlap = (2.0 * both + 1.0) / (inside.sum((1, 2, 3)) + wanted.sum((1, 2, 3)) + 1.0)
    return loss + 0.5 * (1.0 - overlap).mean()


def attention_loss(judgement: Judgement, side: int, outlines: Tensor) -> Tensor:
    """How far the cells' weights lie from the lesion, where its outline is known: cross entropy.

    Args:
        judgement: the discriminator's.
        side: of its map of cells.
        outlines: `(n, 1, size, size)`, 0 everywhere where none is known.
    """
    inside = functional.adaptive_avg_pool2d(outlines, side).flatten(1)
    known = inside.sum(1) > 0.5
    if not known.any():
        return inside.new_zeros(())
    wanted = inside[known] / inside[known].sum(1, keepdim=True)
    return -(wanted * judgement.attention[known]).sum(1).mean() * known.float().mean()
