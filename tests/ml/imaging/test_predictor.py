"""Answers depend on the picture alone, can be replayed, and refuse what they must."""

import json
from pathlib import Path

import numpy as np
import pytest

from ml.artifacts import ArtifactError
from ml.imaging.counterexamples import KINDS
from ml.imaging.data import PictureSet
from ml.imaging.phantoms import draw_phantoms
from ml.imaging.predictor import SHIPPED_WEIGHTS, TILE, ImagePredictor, NoModelError

NATIVE = Path(__file__).resolve().parents[4] / "shared" / "data" / "busi-native-dev"


def test_answers_do_not_depend_on_companions(small_predictor: ImagePredictor, pictures: PictureSet) -> None:
    together = small_predictor.predict(pictures.pictures[: TILE + 3])
    alone = small_predictor.predict([pictures.pictures[0]])[0]
    assert alone.as_dict() == together[0].as_dict()
    assert [answer.tile_slot for answer in together] == [*range(TILE), 0, 1, 2]


def test_replay_is_bit_for_bit(small_predictor: ImagePredictor, pictures: PictureSet) -> None:
    answer = small_predictor.predict(pictures.pictures[:TILE])[5]
    again = small_predictor.replay(pictures.pictures[5], 5)
    assert again.as_dict() == answer.as_dict()
    if answer.evidence is not None:
        assert again.evidence is not None
        assert np.array_equal(again.evidence, answer.evidence)
    with pytest.raises(ValueError, match="tile_slot must lie between"):
        small_predictor.replay(pictures.pictures[5], TILE)


def test_provenance_and_the_card_name_what_answered(small_predictor: ImagePredictor) -> None:
    assert small_predictor.provenance()["tile"] == TILE
    assert small_predictor.card["weights"]["sha256"] == small_predictor.weights_sha256
    assert small_predictor.card["preprocessing_version"] == small_predictor.preprocessing_version
    assert small_predictor.modality == "US"


def test_training_pictures_are_recognised(small_predictor: ImagePredictor, pictures: PictureSet) -> None:
    known = small_predictor.predict(pictures.pictures[:4])
    new = small_predictor.predict(list(draw_phantoms(4, 80, seed=99).canvases[:, 0].numpy()))
    assert all(answer.seen_in_training for answer in known)
    assert not any(answer.seen_in_training for answer in new)


@pytest.mark.parametrize(
    ("picture", "code"),
    [
        (np.full((100, 120), 3, dtype=np.uint8), "nearly_black"),
        (np.full((100, 120), 120, dtype=np.uint8), "no_contrast"),
        (np.full((20, 20), 120, dtype=np.uint8), "too_small"),
        (np.linspace(0, 1, 90)[:, None, None] * np.tile([200.0, 40.0, 90.0], (90, 90, 1)), "in_colour"),
    ],
)
def test_plain_faults_are_refused_in_plain_words(
    small_predictor: ImagePredictor, picture: np.ndarray, code: str
) -> None:
    answer = small_predictor.predict([picture.astype(np.uint8)])[0]
    assert answer.status == "refused"
    assert answer.probability_malignant is None
    assert answer.interval is None
    assert answer.evidence is None
    assert answer.prediction_set == ()
    assert [remark["code"] for remark in answer.reasons] == [code]
    assert answer.reason.startswith(("The picture", "100 %", "100%")) or "colour" in answer.reason


@pytest.mark.parametrize(
    "picture", [np.zeros((40, 40)), np.zeros((40, 40, 4), dtype=np.uint8), np.zeros((0, 5), dtype=np.uint8)]
)
def test_what_is_no_picture_is_an_error(small_predictor: ImagePredictor, picture: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected a picture"):
        small_predictor.predict([picture])


def test_answers_are_json(small_predictor: ImagePredictor, pictures: PictureSet) -> None:
    for answer in small_predictor.predict(pictures.pictures[:3]):
        told = json.loads(json.dumps(answer.as_dict(), allow_nan=False))
        assert "evidence" not in told
        assert told["status"] in {"scored", "uncertain", "refused"}


def test_other_modalities_have_no_model_and_damaged_weights_are_refused(small_weights: Path, tmp_path: Path) -> None:
    with pytest.raises(NoModelError, match=r"No validated model for this modality \(MG\) is installed"):
        ImagePredictor.load(None, "MG")
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(small_weights.read_bytes()[:-1] + b"x")
    damaged.with_suffix(".json").write_bytes(small_weights.with_suffix(".json").read_bytes())
    with pytest.raises(ArtifactError, match="not those of the model card"):
        ImagePredictor.load(damaged)


@pytest.mark.parametrize("kind", list(KINDS))
def test_the_shipped_model_refuses_pictures_that_are_no_ultrasound(predictor: ImagePredictor, kind: str) -> None:
    rng = np.random.default_rng(4711)
    answers = predictor.predict([KINDS[kind](rng, 300) for _ in range(8)])
    assert sum(answer.status == "refused" for answer in answers) >= 7


@pytest.mark.skipif(not NATIVE.is_dir(), reason="the shared pictures at native size are not here")
def test_the_shipped_model_answers_native_pictures(predictor: ImagePredictor) -> None:
    from ml.imaging.data import read_pictures

    found = read_pictures(NATIVE)
    chosen = found.select(np.arange(0, 50, 5))
    answers = predictor.predict(chosen.pictures)
    assert sum(answer.status != "refused" for answer in answers) >= 9
    assert all(answer.seen_in_training for answer in answers if answer.status != "refused")
    assert sum(answer.seen_in_training for answer in answers) >= 9
    scores = np.array([answer.score for answer in answers])
    assert scores[chosen.outcomes == 1].mean() > scores[chosen.outcomes == 0].mean() + 0.2
    for answer, picture in zip(answers, chosen.pictures, strict=True):
        if answer.evidence is not None:
            height, width = picture.shape[:2]
            assert answer.evidence.shape[1] / answer.evidence.shape[0] == pytest.approx(width / height, rel=0.02)
            assert np.abs(answer.evidence).max() <= 1.0


def test_the_shipped_card_tells_what_ships(predictor: ImagePredictor) -> None:
    card = predictor.card
    assert SHIPPED_WEIGHTS.stat().st_size <= 10_000_000
    assert card["weights"]["bytes"] == SHIPPED_WEIGHTS.stat().st_size
    data = card["training_data"]
    assert data["cases"] == data["benign"] + data["malignant"] + data["normal"]
    assert "104863" in data["source"]
    assert data["licence"] == "CC BY 4.0"
    assert card["conformal"]["coverage"] == 0.95
    assert card["decision_threshold"] == predictor.threshold
