"""Faults of a picture that anyone would see: empty, nearly black, without contrast, in colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ml.imaging.answers import Remark
from ml.imaging.texture import brightness, colour_share

LEAST_SIDE = 24  # pixels
LEAST_BRIGHTNESS = 8.0  # mean grey level of the content
LEAST_RANGE = 24.0  # grey levels between the darkest and the brightest hundredth
MOST_COLOUR = 0.25  # share of coloured pixels


def plain_faults(picture: NDArray[np.uint8]) -> list[Remark]:
    """What rules out reading display pixels (h, w) or (h, w, 3); empty where nothing does.

    Raises:
        ValueError: for pixels of another type or shape.
    """
    if min(picture.shape[:2]) < LEAST_SIDE:
        size = f"{picture.shape[1]} × {picture.shape[0]}"
        message = f"The picture is too small to be read ({size} pixels; at least {LEAST_SIDE} on each side are needed)."
        return [{"code": "too_small", "message": message}]
    mean, spread = brightness(picture)
    if mean < LEAST_BRIGHTNESS:
        return [{"code": "nearly_black", "message": "The picture is nearly black. Send one that shows tissue."}]
    if spread < LEAST_RANGE:
        message = "The picture has nearly no contrast, so nothing can be told from it."
        return [{"code": "no_contrast", "message": message}]
    coloured = colour_share(picture)
    if coloured > MOST_COLOUR:
        message = (
            f"{coloured:.0%} of the picture is in colour; the model reads grey pictures alone. "
            "Send the picture without colour Doppler, elastography or annotations."
        )
        return [{"code": "in_colour", "message": message}]
    return []
