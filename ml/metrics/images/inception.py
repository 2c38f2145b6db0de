"""Inception v3's features, for figures that compare with the literature's FID. Its weights are not shipped."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError  # the error alone; nothing is unpickled here

import numpy as np
import torch
from torch import Tensor

from ml.imaging import vision_ops  # noqa: F401 - before torch_fidelity, which imports torchvision
from ml.metrics.images.extractor import Extractor, Features, checked_pixels
from ml.one_thread import single_threaded

NAME = "Inception v3 (TensorFlow 2015), pool 3"
LAYER = "2048"
_CHUNK = 16


class InceptionExtractor:
    """The 2,048 numbers of Inception v3's last pooling layer, as FID takes them; build it with `inception_extractor`.

    Attributes:
        name: of the network and the layer.
        sha256: of the weights' file.
        dimensions: 2048.
    """

    def __init__(self, weights: BytesIO, sha256: str) -> None:
        from torch_fidelity.feature_extractor_inceptionv3 import (  # noqa: PLC0415 - takes a second to load
            FeatureExtractorInceptionV3,
        )

        self.name = NAME
        self.sha256 = sha256
        self.dimensions = int(LAYER)
        self._network = FeatureExtractorInceptionV3(NAME, [LAYER], feature_extractor_weights_path=weights)

    @torch.no_grad()
    def __call__(self, pixels: Tensor) -> Features:
        """Features `(n, 2048)` of grey pictures `(n, 1, h, w)` uint8, on one thread of the CPU.

        Raises:
            ValueError: for another shape or type, or none.
        """
        with single_threaded():
            found = [
                self._network(chunk.expand(-1, 3, -1, -1).contiguous())[0]
                for chunk in checked_pixels(pixels).cpu().split(_CHUNK)
            ]
        return np.asarray(torch.cat(found).double().numpy())


def inception_extractor(path: Path, sha256: str) -> Extractor:
    """Inception v3 with the weights that torch-fidelity publishes (weights-inception-2015-12-05-6726825d.pth).

    torch-fidelity unpickles the file without restriction, which would run whatever a forged one holds. So its SHA-256
    is compared first, the very bytes that were checked are what is loaded, and they must hold tensors alone.

    Args:
        path: of the weights' file.
        sha256: that it must have, hexadecimal.

    Raises:
        ValueError: when the file can't be read, has another SHA-256, or doesn't hold these weights.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: the Inception weights can't be read ({error.strerror})") from error
    found = hashlib.sha256(data).hexdigest()
    if found != sha256.strip().lower():
        raise ValueError(
            f"{path}: the SHA-256 is {found}, not {sha256}; the file was not opened. Get the weights that "
            "torch-fidelity publishes, and their checksum from a source that you trust."
        )
    try:
        torch.load(BytesIO(data), weights_only=True, map_location="meta")
        return InceptionExtractor(BytesIO(data), found)
    except (UnpicklingError, RuntimeError, TypeError, EOFError) as error:
        raise ValueError(f"{path}: doesn't hold Inception v3's weights ({error})") from error
