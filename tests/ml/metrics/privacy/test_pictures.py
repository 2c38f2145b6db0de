"""Copies and blends of pictures, however disguised, and the gallery of the closest."""

import numpy as np
import pytest
import torch
from torch import Tensor

from ml.imaging.phantoms import draw_phantoms
from ml.metrics.privacy.gallery import nearest_real_gallery
from ml.metrics.privacy.picture_copies import picture_closeness
from ml.release.trials import planted_pictures as planted


@pytest.fixture(scope="module")
def phantoms() -> Tensor:
    return draw_phantoms(24, 64, 5).canvases


@pytest.mark.parametrize("leak", [planted.copies, planted.mirrored, planted.shifted])
def test_a_copy_mirrored_or_shifted_is_found(phantoms: Tensor, leak: planted.Leak) -> None:
    leaked = leak(phantoms, 6, np.random.default_rng(3))
    sources = np.random.default_rng(3).integers(24, size=6)
    found = picture_closeness(leaked, phantoms, np.arange(24))
    assert found.nearest.tolist() == sources.tolist()
    assert (found.correlations > 0.9995).all()
    assert (found.copy_ratios < 0.05).all()


@pytest.mark.parametrize("leak", [planted.brightened, planted.noised, planted.compressed])
def test_a_copy_with_other_grey_levels_is_close(phantoms: Tensor, leak: planted.Leak) -> None:
    leaked = leak(phantoms, 6, np.random.default_rng(4))
    sources = np.random.default_rng(4)
    if leak is planted.brightened:
        sources.uniform(size=12)  # drawn before the rows
    found = picture_closeness(leaked, phantoms, np.arange(24))
    assert (found.copy_ratios < 0.4).all()
    if leak is planted.compressed:
        assert found.nearest.tolist() == np.random.default_rng(4).integers(24, size=6).tolist()


def test_half_of_each_of_two_pictures_is_a_blend(phantoms: Tensor) -> None:
    blend = ((phantoms[:4].float() + phantoms[4:8].float()) / 2).round().to(torch.uint8)
    found = picture_closeness(blend, phantoms, np.arange(24))
    assert (found.blend_ratios < 0.05).all()
    assert (found.copy_ratios > 0.2).all()


def test_a_stranger_is_neither_copy_nor_blend(phantoms: Tensor) -> None:
    found = picture_closeness(draw_phantoms(8, 64, 6).canvases, phantoms, np.arange(24))
    assert (found.copy_ratios > 0.7).all()
    assert (found.blend_ratios > 0.6).all()


def test_other_pictures_of_the_same_patient_do_not_hide_a_copy(phantoms: Tensor) -> None:
    twice = torch.cat([phantoms, phantoms[:1]])
    groups = np.array([*range(24), 0])
    assert picture_closeness(phantoms[:1], twice, groups).copy_ratios[0] < 0.05


def test_one_patient_is_no_reference(phantoms: Tensor) -> None:
    with pytest.raises(ValueError, match="at least two patients"):
        picture_closeness(phantoms[:2], phantoms, np.zeros(24, dtype=np.int64))


def test_gallery_shows_the_copy_first_beside_its_original(phantoms: Tensor) -> None:
    synthetic = torch.cat([draw_phantoms(5, 64, 8).canvases, phantoms[9:10].flip(-1)])
    pairs = nearest_real_gallery(phantoms, np.arange(24), draw_phantoms(6, 64, 9).canvases, synthetic, 3)
    assert (pairs[0].synthetic, pairs[0].real) == (5, 9)
    assert pairs[0].distance == pytest.approx(0.0, abs=1e-4)
    assert [pair.distance for pair in pairs] == sorted(pair.distance for pair in pairs)
    assert pairs[0].holdout_distance > 0.05
