"""Augmentation of ultrasound pictures, on whole batches: each picture is changed in its own way.

It imitates what differs between scanners, settings and hospitals (zoom, aspect, tilt, gain by depth, contrast, speckle,
sharpness, borders) and draws calipers and letters on benign and malignant pictures alike, so that burned-in marks can't
be what tells them apart. Transforms follow torchvision's v2 conventions, on `(n, 1, h, w)` floats in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

import ml.imaging.vision_ops  # noqa: F401 - before torchvision
from ml.imaging.marks import MarkBank

from torchvision.transforms import v2  # type: ignore[import-untyped]  # isort: skip


@dataclass(frozen=True)
class AugmentationSettings:
    """How far pictures are changed; all shares are per picture unless said otherwise."""

    rotation: float = 15.0  # degrees, either way
    scale: tuple[float, float] = (0.75, 1.3)
    aspect: float = 0.25  # log of width against height, either way
    shear: float = 0.1
    shift: float = 0.1  # of the side, either way
    gamma: float = 0.4  # log, either way
    contrast: float = 0.3
    depth_gain: float = 0.3
    speckle: float = 0.2
    blur_share: float = 0.25
    coarse_share: float = 0.2
    erase_share: float = 0.3
    mark_share: float = 0.35
    border_share: float = 0.1


class RandomGeometry(v2.Transform):
    """Flip, turn, zoom, stretch, shear and shift, and sample at `size` × `size` pixels."""

    def __init__(self, settings: AugmentationSettings, size: int) -> None:
        super().__init__()
        self.settings = settings
        self.size = size

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """One affine matrix `(n, 2, 3)` per picture, from output to input places."""
        count, chosen = len(flat_inputs[0]), self.settings
        angle = torch.deg2rad(_either_way(count) * chosen.rotation)
        low, high = torch.tensor(chosen.scale).log()
        scale = torch.exp(low + (high - low) * torch.rand(count))
        stretch = torch.exp(0.5 * chosen.aspect * _either_way(count))
        flip = 1.0 - 2.0 * (torch.rand(count) < 0.5).float()
        across, down = flip * stretch / scale, 1.0 / (stretch * scale)
        shear = chosen.shear * _either_way(count)
        matrix = torch.zeros(count, 2, 3)
        matrix[:, 0, 0] = across * angle.cos()
        matrix[:, 0, 1] = across * (shear - angle.sin())
        matrix[:, 1, 0] = down * angle.sin()
        matrix[:, 1, 1] = down * angle.cos()
        matrix[:, :, 2] = 2.0 * chosen.shift * torch.stack([_either_way(count), _either_way(count)], dim=1)
        return {"matrix": matrix, "padding": "zeros" if torch.rand(()) < 0.5 else "reflection"}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Sample the pictures."""
        grid = functional.affine_grid(params["matrix"], [len(inpt), 1, self.size, self.size], align_corners=False)
        return functional.grid_sample(inpt, grid, padding_mode=params["padding"], align_corners=False)


class RandomScanner(v2.Transform):
    """Gamma, contrast, gain by depth and side, and speckle."""

    def __init__(self, settings: AugmentationSettings) -> None:
        super().__init__()
        self.settings = settings

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Change the pictures' greys."""
        count, _, height, width = inpt.shape
        chosen = self.settings
        gamma = torch.exp(chosen.gamma * _either_way(count)).reshape(-1, 1, 1, 1)
        pictures = inpt.clamp(1e-3, 1.0).pow(gamma)
        slope = chosen.depth_gain * _either_way(count).reshape(-1, 1, 1, 1)
        bend = 0.5 * chosen.depth_gain * _either_way(count).reshape(-1, 1, 1, 1)
        depth = torch.linspace(-1.0, 1.0, height).reshape(1, 1, -1, 1)
        side = torch.linspace(-1.0, 1.0, width).reshape(1, 1, 1, -1)
        pictures = pictures * (1.0 + slope * depth + bend * side)
        strength = chosen.speckle * torch.rand(count, 1, 1, 1)
        divisor = int(torch.randint(1, 3, ()))
        noise = torch.randn(count, 1, height // divisor, width // divisor)
        if divisor > 1:
            noise = functional.interpolate(noise, size=(height, width), mode="bilinear")
        pictures = pictures * (1.0 + strength * noise) + 0.15 * strength * torch.randn(count, 1, 1, 1)
        contrast = 1.0 + chosen.contrast * _either_way(count).reshape(-1, 1, 1, 1)
        return ((pictures - 0.3) * contrast + 0.3).clamp(0.0, 1.0)


class RandomSharpness(v2.Transform):
    """Blurs some pictures and samples some coarsely, as small displays and strong compression do."""

    def __init__(self, settings: AugmentationSettings) -> None:
        super().__init__()
        self.settings = settings
        self._blur = v2.GaussianBlur(5, (0.4, 1.4))

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Change the first few pictures of the (shuffled) batch by blur, the last few by coarse sampling."""
        pictures, count = inpt.clone(), len(inpt)
        blurred = round(self.settings.blur_share * count)
        if blurred:
            pictures[:blurred] = self._blur(pictures[:blurred])
        coarse = round(self.settings.coarse_share * count)
        if coarse:
            size = pictures.shape[-2:]
            factor = 0.4 + 0.4 * float(torch.rand(()))
            small = functional.interpolate(pictures[-coarse:], scale_factor=factor, mode="area")
            pictures[-coarse:] = functional.interpolate(small, size=size, mode="bilinear")
        return pictures


class RandomMarks(v2.Transform):
    """Draws calipers, dotted lines and letters on pictures, whatever their label."""

    def __init__(self, settings: AugmentationSettings, bank: MarkBank) -> None:
        super().__init__()
        self.settings = settings
        self.bank = bank

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Draw on a share of the pictures."""
        chosen = torch.rand(len(inpt)) < self.settings.mark_share
        if not chosen.any():
            return inpt
        pictures = inpt.clone()
        pictures[chosen] = self.bank.draw(pictures[chosen])
        return pictures


class RandomCovers(v2.Transform):
    """Erases a rectangle of some pictures to a grey, and covers the borders of some in black."""

    def __init__(self, settings: AugmentationSettings) -> None:
        super().__init__()
        self.settings = settings

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Cover parts of pictures."""
        pictures = inpt.clone()
        height, width = pictures.shape[-2:]
        for index in torch.nonzero(torch.rand(len(inpt)) < self.settings.erase_share).flatten().tolist():
            tall, wide = (torch.rand(2) * 0.2 + 0.06).tolist()
            top, left = (torch.rand(2) * 0.9).tolist()
            rows = slice(int(top * height), int((top + tall) * height))
            columns = slice(int(left * width), int((left + wide) * width))
            pictures[index, :, rows, columns] = pictures[index].mean() * 2.0 * float(torch.rand(()))
        for index in torch.nonzero(torch.rand(len(inpt)) < self.settings.border_share).flatten().tolist():
            edge = int(float(torch.rand(())) * 0.15 * width) + 1
            side = int(torch.randint(0, 4, ()))
            rotated = torch.rot90(pictures[index], side, (1, 2))  # a view: what is written lands in the picture
            rotated[:, :edge] = 0.0
        return pictures


class Augmentation:
    """All of it, from canvases to what the networks see; lesions' outlines follow their pictures."""

    def __init__(self, settings: AugmentationSettings, size: int) -> None:
        self.geometry = RandomGeometry(settings, size)
        self.appearance = v2.Compose(
            [
                RandomMarks(settings, MarkBank(size)),
                RandomScanner(settings),
                RandomSharpness(settings),
                RandomCovers(settings),
            ]
        )

    def __call__(self, canvases: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
        """Change canvases and masks `(n, 1, h, w)` uint8; both come back `(n, 1, size, size)`, floats in [0, 1]."""
        params = self.geometry.make_params([canvases])
        pictures = self.geometry.transform(canvases.float() / 255.0, params)
        outlines = self.geometry.transform(masks.float() / 255.0, params)
        return self.appearance(pictures), outlines


def _either_way(count: int) -> Tensor:
    return 2.0 * torch.rand(count) - 1.0
