"""The inception score at its ends, and between them by hand."""

import numpy as np
import pytest

from ml.metrics.images.inception_score import inception_score


def test_certain_and_evenly_spread_reaches_the_number_of_classes() -> None:
    assert inception_score(np.eye(3)[[0, 1, 2, 0, 1, 2]]) == pytest.approx(3.0)


def test_the_same_answer_for_every_picture_scores_one() -> None:
    assert inception_score(np.tile([0.7, 0.2, 0.1], (5, 1))) == pytest.approx(1.0)


def test_worked_out_by_hand() -> None:
    # p(class) = (½, ½); each picture's divergence is ¾ ln(3/2) + ¼ ln(1/2)
    expected = 1.5**0.75 * 0.5**0.25

    assert inception_score(np.array([[0.75, 0.25], [0.25, 0.75]])) == pytest.approx(expected)


@pytest.mark.parametrize("wrong", [np.array([[0.5, 0.4]]), np.array([[1.5, -0.5]]), np.empty((0, 2)), np.ones(3)])
def test_what_is_no_probability_is_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="class probabilities"):
        inception_score(wrong)
