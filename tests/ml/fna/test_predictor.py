"""The shipped predictor: replay to the bit, refusals, evidence that adds up."""

import json
import time

import numpy as np
import pytest
from scipy.special import logit

from ml.fna.digest import input_sha256
from ml.fna.evaluation.corruption import KINDS, corrupted
from ml.fna.predictor import TILE, FnaPredictor
from ml.fna.reference import reference_cases
from ml.fna.schema import FEATURE_NAMES

X = reference_cases().X
Y = reference_cases().y


@pytest.mark.parametrize("count", [1, TILE - 1, TILE, TILE + 1, 100])
@pytest.mark.parametrize("first", [0, 17])
def test_replay_gives_the_same_bits_at_any_batch_size_and_position(
    predictor: FnaPredictor, count: int, first: int
) -> None:
    rows = X[first : first + count]

    answers = predictor.predict(rows)

    for position in {0, count // 2, count - 1}:
        assert answers[position].tile_slot == position % TILE
        # dataclass equality compares every float exactly
        assert predictor.replay(rows[position], answers[position].tile_slot) == answers[position]


def test_other_rows_of_the_tile_change_nothing(predictor: FnaPredictor) -> None:
    wild = np.full((TILE, 30), 1e12)
    wild[5] = X[40]

    assert predictor.predict(wild)[5] == predictor.predict(X[35:60])[5]


def test_a_second_load_answers_with_the_same_bits(predictor: FnaPredictor) -> None:
    assert FnaPredictor.load().predict(X[:40]) == predictor.predict(X[:40])


def test_answers_agree_with_the_outcomes_that_they_were_trained_on(predictor: FnaPredictor) -> None:
    answers = predictor.predict(X)

    decided = [answer for answer in answers if answer.status == "scored"]
    right = [
        answer.prediction_set == (("benign", "malignant")[outcome],)
        for answer, outcome in zip(answers, Y, strict=True)
        if answer.status == "scored"
    ]
    assert len(decided) > 0.9 * len(Y)
    assert np.mean(right) > 0.985
    assert all(answer.seen_in_training for answer in answers)
    assert sum(answer.status == "refused" for answer in answers) <= 0.02 * len(Y)


def test_statuses_mean_what_they_say(predictor: FnaPredictor) -> None:
    damaged = corrupted(X, "two values swapped", np.random.default_rng(0))
    answers = predictor.predict(np.vstack([X, damaged]))

    assert {answer.status for answer in answers} == {"scored", "uncertain", "refused"}
    for answer in answers:
        if answer.status == "refused":
            assert answer.probability_malignant is None
            assert answer.interval is None
            assert answer.prediction_set == ()
            assert answer.contributions == {}
            assert answer.reason
            assert answer.reasons
            continue
        assert answer.interval is not None
        assert answer.probability_malignant is not None
        assert answer.interval[0] <= answer.probability_malignant <= answer.interval[1]
        assert set(answer.contributions) == set(FEATURE_NAMES)
        assert len(answer.neighbours) == 5
        if answer.status == "uncertain":
            assert answer.prediction_set == ("benign", "malignant")
            assert answer.reason
        else:
            malignant = answer.probability_malignant >= answer.threshold
            assert answer.prediction_set == (("benign", "malignant")[malignant],)
            assert answer.reason == ""


def test_contributions_add_up_to_the_log_odds(predictor: FnaPredictor) -> None:
    for answer in predictor.predict(X[:64]):
        if answer.probability_malignant is None:
            continue
        expected = logit(answer.probability_malignant) - predictor.baseline_log_odds
        assert sum(answer.contributions.values()) == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_contributions_point_the_right_way(predictor: FnaPredictor) -> None:
    answers = [answer for answer in predictor.predict(X) if answer.contributions]
    totals = np.array([sum(answer.contributions.values()) for answer in answers])
    worst_radius = np.array([answer.contributions["radius_worst"] for answer in answers])
    values = np.array([row[FEATURE_NAMES.index("radius_worst")] for row in X])

    assert np.corrcoef(totals, worst_radius)[0, 1] > 0.5
    assert values.std() > 0


def test_neighbours_of_a_training_case_begin_with_itself(predictor: FnaPredictor) -> None:
    for index, answer in enumerate(predictor.predict(X[:50])):
        if answer.status == "refused":
            continue
        first, second = answer.neighbours[:2]
        assert first["index"] == index
        assert first["distance"] == pytest.approx(0.0, abs=1e-3)
        assert first["outcome"] == ("benign", "malignant")[Y[index]]
        assert first["features"]["radius_mean"] == X[index, 0]
        assert 0 < second["distance"] <= answer.neighbours[4]["distance"]


def test_a_slightly_changed_case_was_not_seen_in_training(predictor: FnaPredictor) -> None:
    assert not predictor.predict(X[:1] * (1 + 1e-12))[0].seen_in_training


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind not in {"two values swapped", "means and worsts swapped"}]
)
def test_damaged_rows_are_refused(predictor: FnaPredictor, kind: str) -> None:
    damaged = corrupted(X, kind, np.random.default_rng(0))

    refused = [answer.status == "refused" for answer in predictor.predict(damaged)]

    assert np.mean(refused) > 0.9


def test_a_misplaced_decimal_is_named(predictor: FnaPredictor) -> None:
    row = X[100].copy()
    row[FEATURE_NAMES.index("perimeter_mean")] *= 10

    answer = predictor.predict(row[None])[0]

    assert answer.status == "refused"
    assert any("perimeter_mean" in reason["features"] for reason in answer.reasons)
    assert "Perimeter" in answer.reason


def test_zeros_are_refused_with_a_reason(predictor: FnaPredictor) -> None:
    answer = predictor.predict(np.zeros((1, 30)))[0]

    assert answer.status == "refused"
    assert answer.novelty["score"] > answer.novelty["threshold"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.zeros((2, 29)), "30 measurements"),
        (np.zeros(30), "30 measurements"),
        (np.full((1, 30), np.nan), "row 0 .*radius_mean is missing"),
    ],
)
def test_what_is_no_table_of_measurements_is_an_error(predictor: FnaPredictor, rows: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        predictor.predict(rows)


def test_no_rows_no_answers(predictor: FnaPredictor) -> None:
    assert predictor.predict(np.zeros((0, 30))) == []


def test_a_slot_outside_the_tile_is_an_error(predictor: FnaPredictor) -> None:
    with pytest.raises(ValueError, match="tile_slot"):
        predictor.replay(X[0], TILE)


def test_progress_is_told_in_rows(predictor: FnaPredictor) -> None:
    seen: list[tuple[int, int]] = []

    predictor.predict(X[:70], progress=lambda done, total: seen.append((done, total)))

    assert seen == [(32, 70), (64, 70), (70, 70)]


def test_answers_are_json_and_survive_it_exactly(predictor: FnaPredictor) -> None:
    answer = predictor.predict(X[:1])[0].as_dict()

    assert json.loads(json.dumps(answer, allow_nan=False)) == answer


def test_ten_thousand_rows_take_seconds(predictor: FnaPredictor) -> None:
    rows = np.tile(X, (2, 1))[:1000]
    start = time.process_time()

    predictor.predict(rows)

    assert time.process_time() - start < 10  # a tenth of the rows; half a second on a free machine


def test_digest_is_of_the_values_in_order() -> None:
    assert input_sha256(X[0]) == input_sha256(X[0].tolist())
    assert input_sha256(X[0]) != input_sha256(X[0][::-1])
