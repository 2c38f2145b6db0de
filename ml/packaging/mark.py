"""The word SYNTHETIC in a picture, small enough to leave the picture usable and large enough to be read."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_LETTERS: Final = {
    "S": ("###", "#..", "###", "..#", "###"),
    "Y": ("#.#", "#.#", ".#.", ".#.", ".#."),
    "N": ("###", "#.#", "#.#", "#.#", "#.#"),
    "T": ("###", ".#.", ".#.", ".#.", ".#."),
    "H": ("#.#", "#.#", "###", "#.#", "#.#"),
    "E": ("###", "#..", "##.", "#..", "###"),
    "I": ("###", ".#.", ".#.", ".#.", "###"),
    "C": ("###", "#..", "#..", "#..", "###"),
}
WORD: Final = "SYNTHETIC"
_EVERY: Final = 96  # of the picture's edge, the letters grow by a pixel


def _word() -> NDArray[np.bool_]:
    """The word's dots, (5, 35): letters of three by five with a column between."""
    columns = [np.array([[dot == "#" for dot in row] for row in _LETTERS[letter]]) for letter in WORD]
    return np.hstack([np.pad(letter, ((0, 0), (0, 1))) for letter in columns])[:, :-1]


SMALLEST_EDGE: Final = _word().shape[1] + 4


def marked(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A copy of a grey picture (height, width) with the word at its lower left: white, on black one dot wider.

    Of a picture of 64 by 64 it covers a sixteenth, of larger ones less.

    Raises ValueError for a picture too small to hold the word.
    """
    height, width = pixels.shape
    if width < SMALLEST_EDGE or height < SMALLEST_EDGE:
        raise ValueError(f"the mark needs pictures of at least {SMALLEST_EDGE} pixels, got {width} by {height}")
    scale = max(1, min(height, width) // _EVERY)
    dots = np.pad(_word(), 1).repeat(scale, 0).repeat(scale, 1)
    rows, columns = dots.shape
    stamped: NDArray[Any] = pixels.copy()
    stamped[height - rows - 1 : height - 1, 1 : columns + 1] = np.where(dots, 255, 0)
    return stamped
