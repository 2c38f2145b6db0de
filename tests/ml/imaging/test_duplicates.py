"""Near duplicates are found, kept together and recognised again."""

import numpy as np
import torch

from ml.imaging.division import grouped_folds
from ml.imaging.duplicates import (
    SAME_PICTURE_BITS,
    contradictory,
    distance_to_nearest,
    fingerprints,
    near_duplicate_groups,
)
from ml.imaging.phantoms import draw_phantoms


def noisy_twins() -> torch.Tensor:
    """Twelve phantoms, then noisy copies of the first two, then the third mirrored."""
    drawn = draw_phantoms(12, 96, seed=5).canvases
    noise = torch.randint(-6, 7, (2, 1, 96, 96), generator=torch.Generator().manual_seed(0))
    twins = (drawn[:2].int() + noise).clamp(0, 255).to(torch.uint8)
    return torch.cat([drawn, twins, drawn[2:3].flip(3)])


def test_copies_and_mirror_images_share_a_group_and_others_do_not() -> None:
    groups = near_duplicate_groups(noisy_twins())
    assert groups[0] == groups[12]
    assert groups[1] == groups[13]
    assert groups[2] == groups[14]
    assert len(np.unique(groups)) == 12


def test_given_groups_are_joined_to_the_duplicates() -> None:
    given = np.arange(15)
    given[7] = given[12]  # a patient of whom another picture is known
    groups = near_duplicate_groups(noisy_twins(), given)
    assert groups[7] == groups[12] == groups[0]
    assert len(np.unique(groups)) == 11


def test_folds_never_divide_a_group() -> None:
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 40, 200)
    labels = rng.integers(0, 2, 200)
    for train, test in grouped_folds(labels, groups, 5, seed=1):
        assert not set(groups[train]) & set(groups[test])
        assert len(train) + len(test) == 200


def test_identical_pictures_with_different_outcomes_contradict_each_other() -> None:
    canvases = torch.cat([draw_phantoms(4, 96, seed=5).canvases] * 2)
    labels = np.array([0, 0, 1, 1, 0, 1, 1, 1])
    assert contradictory(canvases, labels).tolist() == [False, True, False, False, False, True, False, False]


def test_fingerprints_know_a_copy_from_another_picture() -> None:
    canvases = noisy_twins()
    known = fingerprints(canvases[:12])
    assert known.shape == (12, 32)
    assert distance_to_nearest(fingerprints(canvases[12:14]), known).max() <= SAME_PICTURE_BITS
    others = fingerprints(draw_phantoms(6, 96, seed=77).canvases)
    assert distance_to_nearest(others, known).min() > SAME_PICTURE_BITS
