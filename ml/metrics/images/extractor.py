"""Features by which pictures are compared: each extractor has a name and the SHA-256 of its weights.

A Fréchet distance means nothing without the extractor that it was measured with. The default is the project's own
ultrasound encoder, so the distance is called "Fréchet distance (extractor's name, hash)" and never FID, which is that
of one particular Inception network.
"""

from __future__ import annotations

from functools import cache
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ml.artifacts import load_artifact
from ml.imaging.model_file import from_tensors
from ml.imaging.networks import FAKE, AutoencoderGAN
from ml.imaging.predictor import SHIPPED_WEIGHTS
from ml.imaging.views import network_input
from ml.one_thread import single_threaded

Features = NDArray[np.float64]
CHUNK = 32


class Extractor(Protocol):
    """Turns pictures into features."""

    @property
    def name(self) -> str:
        """For reports."""
        ...

    @property
    def sha256(self) -> str:
        """Of the file that holds the weights."""
        ...

    @property
    def dimensions(self) -> int:
        """Numbers per picture."""
        ...

    def __call__(self, pixels: Tensor) -> Features:
        """Features `(n, dimensions)` of grey pictures `(n, 1, h, w)` uint8."""
        ...


def described(extractor: Extractor) -> str:
    """What a figure measured with it is called: the name and the first digits of the hash."""
    return f"{extractor.name}, {extractor.sha256[:12]}"


class UltrasoundExtractor:
    """One member of the shipped ultrasound classifier: its map of latents, activated as its discriminator sees them
    and averaged over the picture.

    It learnt from phantoms and from BUSI's pictures, so it suits breast ultrasound, and its features are no neutral
    ground for a classifier of BUSI's pictures (`ml.metrics.images.utility` has its own network).
    """

    def __init__(self, network: AutoencoderGAN, name: str, sha256: str) -> None:
        self.name = name
        self.sha256 = sha256
        self.dimensions = network.shape.latent
        self._network = network

    @torch.no_grad()
    def __call__(self, pixels: Tensor) -> Features:
        """Features `(n, dimensions)` of grey pictures `(n, 1, h, w)` uint8, on one thread of the CPU.

        Raises:
            ValueError: for another shape or type, or none.
        """
        chunks = checked_pixels(pixels).cpu().split(CHUNK)
        with single_threaded():
            pooled = [
                functional.silu(self._network.encoder(self._input(chunk)).latent).mean((2, 3)) for chunk in chunks
            ]
        return np.asarray(torch.cat(pooled).double().numpy())

    @torch.no_grad()
    def class_probabilities(self, pixels: Tensor) -> Features:
        """What the classifier makes of the pictures: `(n, 3)` for benign lesion, malignant and no lesion.

        Its fourth class, fake, is left out: it knows only fakes of its own.
        """
        chunks = checked_pixels(pixels).cpu().split(CHUNK)
        with single_threaded():
            logits = [self._network(self._input(chunk)).judgement.logits[:, :FAKE] for chunk in chunks]
        return np.asarray(torch.cat(logits).double().softmax(1).numpy())

    def _input(self, pixels: Tensor) -> Tensor:
        return network_input(pixels, self._network.shape.size).to(memory_format=torch.channels_last)


@cache
def default_extractor() -> UltrasoundExtractor:
    """The shipped ultrasound encoder: the first of the ensemble's members that look at whole pictures.

    Raises:
        ArtifactError: when the weights are missing, damaged, or don't match their card.
    """
    artifact = load_artifact(SHIPPED_WEIGHTS)
    ensemble = from_tensors(artifact.tensors, artifact.metadata)
    member = ensemble.looks.index("whole")
    network = ensemble.networks[member]
    return UltrasoundExtractor(network, f"ultrasound encoder, member {member + 1}", artifact.sha256)


def checked_pixels(pixels: Tensor) -> Tensor:
    """The same pictures.

    Raises:
        ValueError: for other than grey pictures `(n, 1, h, w)` uint8, or none.
    """
    if pixels.dtype != torch.uint8 or pixels.ndim != 4 or pixels.shape[1] != 1 or not len(pixels):
        raise ValueError(
            f"expected grey pictures (n, 1, h, w) uint8; got {pixels.dtype} of shape {tuple(pixels.shape)}"
        )
    return pixels
