"""Training pictures: cut, grouped, divided and counted."""

import numpy as np
import pytest
import torch

from ml.gan.batches import Batches
from ml.gan.mix import mixed_counts
from ml.gan.pictures import TrainingPictures, divide, to_pixels, to_range, training_pictures
from ml.imaging.data import PictureSet
from ml.imaging.networks import CLEAR, LESION, MALIGNANT
from ml.imaging.phantoms import draw_phantoms


def picture_set(*labels: int) -> PictureSet:
    drawn = draw_phantoms(len(labels), 40, seed=2).canvases[:, 0].numpy()
    names = tuple(f"{place}.png" for place in range(len(labels)))
    return PictureSet(list(drawn), np.array(labels), names, None, "phantoms")


def test_classes_are_those_that_are_there() -> None:
    pictures = training_pictures(picture_set(CLEAR, LESION, CLEAR), 32)

    assert pictures.classes == ("benign", "normal")
    assert pictures.labels.tolist() == [1, 0, 1]
    assert pictures.counts == {"benign": 1, "normal": 2}
    assert pictures.pixels.shape == (3, 1, 32, 32)


def test_a_picture_under_two_labels_is_left_out_and_near_duplicates_share_a_group() -> None:
    found = picture_set(LESION, MALIGNANT, LESION, MALIGNANT, MALIGNANT)
    shown = list(found.pictures)
    shown[1] = shown[0]
    shown[3] = shown[4][:, ::-1].copy()
    pictures = training_pictures(PictureSet(shown, found.labels, found.names, None, "phantoms"), 32)

    assert pictures.counts == {"benign": 1, "malignant": 2}
    assert pictures.groups[1] == pictures.groups[2]
    assert pictures.groups[0] != pictures.groups[1]


def test_a_division_keeps_groups_whole_and_classes_in_proportion() -> None:
    labels = torch.tensor([0] * 60 + [1] * 40)
    groups = np.arange(100) // 2
    pixels = torch.arange(100, dtype=torch.uint8)[:, None, None, None].expand(-1, 1, 16, 16)
    pictures = TrainingPictures(pixels, labels, ("benign", "malignant"), groups)
    learnt, held = divide(pictures, holdout=0.3, seed=1)

    assert held.counts == {"benign": 18, "malignant": 12}
    assert not set(learnt.groups) & set(held.groups)
    assert sorted([*learnt.pixels[:, 0, 0, 0].tolist(), *held.pixels[:, 0, 0, 0].tolist()]) == list(range(100))
    assert divide(pictures, seed=1)[1].sha256 == held.sha256
    assert divide(pictures, seed=2)[1].sha256 != held.sha256


def test_the_hash_tells_pixels_labels_and_classes_apart() -> None:
    pixels = torch.zeros(2, 1, 16, 16, dtype=torch.uint8)
    labels = torch.tensor([0, 1])
    hashes = {
        TrainingPictures(pixels, labels, ("a", "b"), np.arange(2)).sha256,
        TrainingPictures(pixels + 1, labels, ("a", "b"), np.arange(2)).sha256,
        TrainingPictures(pixels, labels.flip(0), ("a", "b"), np.arange(2)).sha256,
        TrainingPictures(pixels, labels, ("a", "c"), np.arange(2)).sha256,
    }

    assert len(hashes) == 4


def test_every_grey_level_survives_the_networks_range() -> None:
    levels = torch.arange(256, dtype=torch.uint8)

    assert to_range(levels).min() == -1.0
    assert to_range(levels).max() == 1.0
    assert torch.equal(to_pixels(to_range(levels)), levels)


def test_every_picture_is_seen_once_an_epoch() -> None:
    batches = Batches(np.array([4, 7, 9, 11, 20]), batch=3, seed=1)
    seen = np.concatenate([batches[number] for number in range(5)])

    for epoch in range(3):
        assert sorted(seen[5 * epoch : 5 * epoch + 5]) == [4, 7, 9, 11, 20]
    assert not np.array_equal(seen[:5], seen[5:10])


@pytest.mark.parametrize(
    ("total", "shares", "expected"),
    [
        (10, {}, {"benign": 6, "malignant": 3, "normal": 1}),
        (10, {"malignant": 0.5}, {"benign": 4, "malignant": 5, "normal": 1}),
        (7, {"malignant": 1.0}, {"benign": 0, "malignant": 7, "normal": 0}),
        (1, {}, {"benign": 1, "malignant": 0, "normal": 0}),
    ],
)
def test_a_mix_adds_up(total: int, shares: dict[str, float], expected: dict[str, int]) -> None:
    assert mixed_counts(total, {"benign": 60, "malignant": 30, "normal": 10}, shares) == expected


@pytest.mark.parametrize(
    ("shares", "message"),
    [({"cyst": 0.1}, "no class"), ({"benign": 1.5}, "between 0 and 1"), ({"benign": 0.5, "malignant": 0.1}, "add up")],
)
def test_a_mix_that_cant_be_is_refused(shares: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mixed_counts(10, {"benign": 6, "malignant": 3}, shares)
