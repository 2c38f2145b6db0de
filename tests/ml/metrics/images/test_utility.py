"""Utility on pictures whose malignant ones carry a mark that a classifier can learn."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor

from ml.metrics.images.utility import augmentation_gain, few_alone, outcomes_of, trained_on, tstr_auc

SHORT = {"seeds": (0, 1), "steps": 30}


@dataclass(frozen=True)
class Pictures:
    pixels: Tensor
    labels: Tensor
    classes: tuple[str, ...] = ("benign", "malignant", "normal")


def marked(count: int, seed: int) -> Pictures:
    """Noise, with a dark square where it is malignant."""
    random = torch.Generator().manual_seed(seed)
    pixels = torch.randint(60, 200, (count, 1, 16, 16), generator=random)
    labels = torch.arange(count) % 3
    pixels[labels == 1, :, 5:11, 5:11] //= 4
    return Pictures(pixels.to(torch.uint8), labels)


def mislabelled(pictures: Pictures) -> Pictures:
    """Benign and malignant swapped."""
    return Pictures(pictures.pixels, torch.tensor([1, 0, 2])[pictures.labels])


def test_good_synthetic_pictures_teach_and_wrong_labels_mislead() -> None:
    synthetic, holdout = marked(90, 1), marked(60, 2)

    good, bad = tstr_auc(synthetic, holdout, **SHORT), tstr_auc(mislabelled(synthetic), holdout, **SHORT)

    assert good.mean > 0.95
    assert bad.mean < 0.5
    assert len(good.values) == 2
    assert good.mean == pytest.approx(np.mean(good.values))


def test_gain_is_the_difference_on_the_same_few_pictures() -> None:
    train, holdout, synthetic = mislabelled(marked(40, 3)), marked(60, 4), marked(90, 5)
    short = {"few": 12, "seeds": (0,), "steps": 30}
    alone = few_alone(train, holdout, **short)

    found = augmentation_gain(train, holdout, synthetic, **short)

    assert found.alone == alone
    assert found.real_pictures == 12
    assert found.gain.auc.mean == pytest.approx(found.augmented.auc.mean - alone.auc.mean)
    assert found.gain.auc.mean > 0.1  # the few are mislabelled, the synthetic ones are right


def test_a_seed_settles_the_figures_and_leaves_the_global_one_alone() -> None:
    train, holdout = marked(30, 6), marked(30, 7)
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)

    first = trained_on([train], holdout, seeds=(3,), steps=5)
    state = torch.rand(1)

    assert trained_on([train], holdout, seeds=(3,), steps=5) == first
    assert state == expected
    assert first.auc.std == 0.0


def test_a_set_of_one_outcome_is_refused() -> None:
    pictures = marked(9, 8)

    with pytest.raises(ValueError, match="0 malignant of 9"):
        outcomes_of(Pictures(pictures.pixels, torch.zeros(9, dtype=torch.int64)))
    with pytest.raises(ValueError, match="needs malignant"):
        outcomes_of(Pictures(pictures.pixels, pictures.labels % 2, ("benign", "normal")))
