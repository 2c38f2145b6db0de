"""The identity of one sample's measurements."""

import hashlib

import numpy as np
from numpy.typing import ArrayLike


def input_sha256(x: ArrayLike) -> str:
    """SHA-256 (hex) of a sample's measurements (30,) as little-endian float64, in the schema's order."""
    return hashlib.sha256(np.ascontiguousarray(x, dtype="<f8").tobytes()).hexdigest()
