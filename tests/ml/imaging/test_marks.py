"""Burned-in marks are drawn for training, found and masked."""

import numpy as np
import torch

from ml.imaging.marks import MarkBank, find_marks, mask_marks
from ml.imaging.phantoms import draw_phantoms


def smooth_picture() -> np.ndarray:
    down, across = np.mgrid[0:256, 0:256]
    return (60 + 40 * np.sin(down / 40) + 20 * np.cos(across / 50)).astype(np.uint8)


def test_a_white_cross_is_found_and_masked() -> None:
    clean = smooth_picture()
    marked = clean.copy()
    marked[98:103, 80:101] = clean[98:103, 80:101]
    marked[100, 80:101] = 255
    marked[90:111, 90] = 255
    found = find_marks(marked)
    assert found[100, 85]
    assert found[95, 90]
    assert not find_marks(clean).any()
    assert np.abs(mask_marks(marked).astype(int) - clean).max() < 25


def test_a_coloured_mark_is_found_whatever_its_brightness() -> None:
    picture = np.repeat(smooth_picture()[..., None], 3, axis=2)
    picture[40:60, 40:60] = (20, 90, 20)
    assert find_marks(picture)[50, 50]
    assert abs(int(mask_marks(picture)[41, 41]) - int(picture[38, 38, 0])) < 30


def test_marks_are_drawn_on_pictures_of_any_kind_and_brighten_them() -> None:
    bank = MarkBank(64, layers=16)
    pictures = draw_phantoms(8, 64, seed=0).canvases.float() / 255.0 * 0.5
    torch.manual_seed(0)
    drawn = bank.draw(pictures)
    assert ((drawn - pictures).amax((1, 2, 3)) > 0.1).all()
    assert ((drawn - pictures).abs() > 0.05).float().mean() < 0.1
