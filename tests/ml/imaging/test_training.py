"""Two steps of training, on the CPU, and what they leave behind."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.base import clone

from ml.imaging.augmentation import Augmentation, AugmentationSettings
from ml.imaging.classifier import ImageAutoencoderGANClassifier
from ml.imaging.data import PictureSet
from ml.imaging.design import Schooling
from ml.imaging.fitting import which_left_out
from ml.imaging.networks import FAKE, AutoencoderGAN, NetworkShape, log_odds
from ml.imaging.phantoms import draw_phantoms
from ml.imaging.training import Lessons, TrainingAborted, TrainingSettings, train_member
from ml.training.device import choose_device
from tests.ml.imaging.conftest import small_classifier

SHAPE = NetworkShape(size=32)
SETTINGS = TrainingSettings(steps=2, batch_size=8)


def lessons() -> Lessons:
    drawn = draw_phantoms(16, 40, seed=1)
    return Lessons(drawn.canvases, drawn.labels, draw_phantoms(8, 40, seed=2))


def trained(seed: int, **changes: float) -> AutoencoderGAN:
    settings = replace(SETTINGS, **changes)  # type: ignore[arg-type]
    return train_member(lessons(), SHAPE, settings, AugmentationSettings(), choose_device("cpu"), seed=seed)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others() -> None:
    first, again, other = trained(5), trained(5), trained(6)
    for name, value in first.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
    weight = "discriminator.classes.weight"
    assert not torch.equal(first.state_dict()[weight], other.state_dict()[weight])


def test_weights_are_what_half_precision_keeps() -> None:
    for name, value in trained(5).state_dict().items():
        if value.is_floating_point():
            assert torch.equal(value, value.half().float()), name


def test_the_game_reaches_generator_and_discriminator() -> None:
    start = {name: value.clone() for name, value in AutoencoderGAN(SHAPE).state_dict().items()}
    device, changes = choose_device("cpu"), AugmentationSettings()
    without = replace(SETTINGS, adversarial_weight=0.0, feature_matching_weight=0.0, weight_decay=0.0)
    quiet = train_member(lessons(), SHAPE, without, changes, device, seed=1, start=start).state_dict()
    playing = train_member(
        lessons(), SHAPE, replace(SETTINGS, weight_decay=0.0), changes, device, seed=1, start=start
    ).state_dict()
    generator = "generator.first.weight"
    assert torch.equal(quiet[generator], start[generator].half().float())
    assert not torch.equal(playing[generator], start[generator].half().float())


def test_training_stops_when_asked_and_reports_its_steps() -> None:
    seen: list[tuple[int, int]] = []
    with pytest.raises(TrainingAborted, match="step 1 of 2"):
        train_member(
            lessons(),
            SHAPE,
            SETTINGS,
            AugmentationSettings(),
            choose_device("cpu"),
            seed=1,
            progress=lambda done, total: seen.append((done, total)),
            abort=lambda: bool(seen),
        )
    assert seen == [(0, 2)]


def test_an_answer_is_the_sum_of_its_cells() -> None:
    network = trained(5)
    judgement = network(torch.randn(3, 1, 32, 32, generator=torch.Generator().manual_seed(0))).judgement
    assert torch.allclose(judgement.cells.sum((2, 3)), judgement.logits, atol=1e-5)
    assert torch.allclose(judgement.attention.exp().sum(1), torch.ones(3), atol=1e-5)


def test_log_odds_weigh_malignant_against_both_benign_classes() -> None:
    logits = torch.tensor([[0.0, 2.0, 0.0, 9.0]])
    assert log_odds(logits).item() == pytest.approx(2.0 - np.log(2.0))
    assert FAKE == 3


def test_outlines_follow_their_pictures() -> None:
    drawn = draw_phantoms(6, 60, seed=4)
    white = torch.full_like(drawn.canvases, 255)
    settings = AugmentationSettings(erase_share=0, mark_share=0, border_share=0, speckle=0, contrast=0, gamma=0)
    settings = replace(settings, depth_gain=0, blur_share=0, coarse_share=0)
    torch.manual_seed(0)
    pictures, outlines = Augmentation(settings, 48)(white, white)
    assert pictures.shape == outlines.shape == (6, 1, 48, 48)
    assert torch.allclose(pictures, outlines.clamp(1e-3, 1.0), atol=1e-5)


def test_members_leave_out_whole_groups_and_both_looks_the_same() -> None:
    rng = np.random.default_rng(0)
    labels, groups = rng.integers(0, 3, 60), np.repeat(np.arange(20), 3)
    left_out = which_left_out(labels, groups, small_classifier().design(), seed=1)
    assert left_out.shape == (4, 60)
    assert (left_out[0] == left_out[2]).all()
    assert not (left_out[0] & left_out[1]).any()
    for rows in left_out:
        assert rows.any()
        assert not set(groups[rows]) & set(groups[~rows])


def test_probabilities_of_both_classes_add_up(fitted: ImageAutoencoderGANClassifier, pictures: PictureSet) -> None:
    probabilities = fitted.predict_proba(pictures.pictures[:5])
    assert probabilities.shape == (5, 2)
    assert np.allclose(probabilities.sum(axis=1), 1.0)
    assert set(fitted.predict(pictures.pictures[:5])) <= {0, 1}
    assert clone(fitted).get_params() == fitted.get_params()


def test_other_modalities_do_without_phantoms(pictures: PictureSet) -> None:
    classifier = small_classifier(phantoms=0, phantom_steps=0, steps=1, members=1)
    classifier.fit(np.stack(pictures.pictures), pictures.outcomes)
    assert classifier.ensemble_.looks == ("whole",)
    assert classifier.ensemble_.finder is None


def test_one_class_or_a_missing_outcome_is_an_error(pictures: PictureSet, school: Schooling) -> None:
    with pytest.raises(ValueError, match="needs two classes"):
        small_classifier().fit(pictures.pictures[:4], [1, 1, 1, 1], school=school)
    with pytest.raises(ValueError, match="4 pictures came with 3 outcomes"):
        small_classifier().fit(pictures.pictures[:4], [0, 1, 1], school=school)
