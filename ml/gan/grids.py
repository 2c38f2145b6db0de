"""Sample grids: the same latents drawn again as training goes on, a row per class."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ml.gan.architectures import SamplingNetwork
from ml.gan.drawing import draw_pixels
from ml.gan.pictures import LabelledPictures

COLUMNS = 8
GRID_SEED = 20_150
_GAP = 2


def draw_grid(network: SamplingNetwork, classes: int, device: torch.device, sources: LabelledPictures | None) -> Tensor:
    """Pixels `(classes × COLUMNS, 1, size, size)` uint8 of latents that are always the same."""
    labels = torch.arange(classes).repeat_interleave(COLUMNS)
    return draw_pixels(network, labels, GRID_SEED, device, sources)


def save_grid(pixels: Tensor, path: Path, columns: int = COLUMNS) -> None:
    """Write pictures `(n, 1, s, s)` uint8 side by side as a PNG, `columns` in a row; it appears whole or not at all."""
    count, _, size, _ = pixels.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (size + _GAP) - _GAP, columns * (size + _GAP) - _GAP), 255, dtype=np.uint8)
    for place, picture in enumerate(pixels[:, 0].numpy()):
        top, left = (place // columns) * (size + _GAP), (place % columns) * (size + _GAP)
        sheet[top : top + size, left : left + size] = picture
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    Image.fromarray(sheet).save(temporary, format="PNG")
    temporary.replace(path)
