"""The training loop: resumed runs equal unbroken ones, stops leave checkpoints, what is written says what was done."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ml.gan.checkpoint import CHECKPOINT, CheckpointError
from ml.gan.drawing import draw_pixels
from ml.gan.generator_file import GENERATOR, TrainedGenerator
from ml.gan.judging import Draw
from ml.gan.pictures import TrainingPictures
from ml.gan.stats import read_lines
from ml.gan.training import Aborted, Paused, train
from tests.ml.gan.small import CPU, PLAIN, brightness, small_plan


def without_times(folder: Path) -> list[dict[str, float]]:
    return [{key: value for key, value in line.items() if key != "seconds"} for line in read_lines(folder)]


@pytest.mark.parametrize("architecture", PLAIN)
def test_a_training_in_shares_gives_the_same_bits(
    architecture: str, pictures: TrainingPictures, tmp_path: Path
) -> None:
    plan = small_plan(architecture)
    whole = train(pictures, plan, tmp_path / "whole", device=CPU, judge=brightness)

    asked = iter(([False] * 5 + [True]) * 2 + [False] * 12)
    for _ in range(2):
        with pytest.raises(Aborted):
            train(pictures, plan, tmp_path / "shares", device=CPU, judge=brightness, abort=lambda: next(asked))
    resumed = train(pictures, plan, tmp_path / "shares", device=CPU, judge=brightness, abort=lambda: next(asked))

    assert resumed.sha256 == whole.sha256
    assert without_times(tmp_path / "shares") == without_times(tmp_path / "whole")


def test_another_seed_gives_other_weights(pictures: TrainingPictures, tmp_path: Path) -> None:
    one = train(pictures, small_plan(steps=3), tmp_path / "one", device=CPU, judge=None)
    other = train(pictures, small_plan(steps=3, seed=4), tmp_path / "other", device=CPU, judge=None)

    assert one.sha256 != other.sha256


def test_the_callers_random_numbers_are_left_alone(pictures: TrainingPictures, tmp_path: Path) -> None:
    torch.manual_seed(8)
    expected = torch.rand(3)
    torch.manual_seed(8)

    train(pictures, small_plan(steps=2), tmp_path, device=CPU, judge=brightness)

    assert torch.equal(torch.rand(3), expected)


def test_abort_leaves_a_checkpoint_and_no_generator(pictures: TrainingPictures, tmp_path: Path) -> None:
    asked = iter([False, False, True])

    with pytest.raises(Aborted, match="step 2 of 12"):
        train(pictures, small_plan(), tmp_path, device=CPU, judge=None, abort=lambda: next(asked))

    assert (tmp_path / CHECKPOINT).exists()
    assert not (tmp_path / GENERATOR).exists()


def test_no_time_left_pauses_and_the_next_call_goes_on(pictures: TrainingPictures, tmp_path: Path) -> None:
    with pytest.raises(Paused, match="step 0 of 12"):
        train(pictures, small_plan(), tmp_path, device=CPU, judge=None, seconds=0.0)

    done: list[int] = []
    train(pictures, small_plan(), tmp_path, device=CPU, judge=None, progress=lambda step, _: done.append(step))

    assert done == list(range(1, 13))


def test_progress_that_raises_leaves_a_checkpoint_first(pictures: TrainingPictures, tmp_path: Path) -> None:
    def lost(step: int, total: int) -> None:
        if step == 5:
            raise KeyError(total)

    with pytest.raises(KeyError, match="12"):
        train(pictures, small_plan(), tmp_path, device=CPU, judge=None, progress=lost)
    done: list[int] = []
    train(pictures, small_plan(), tmp_path, device=CPU, judge=None, progress=lambda step, _: done.append(step))

    assert done[0] == 6


def test_another_plan_or_other_pictures_are_refused(pictures: TrainingPictures, tmp_path: Path) -> None:
    train(pictures, small_plan(steps=1), tmp_path, device=CPU, judge=None)

    with pytest.raises(CheckpointError, match="another plan"):
        train(pictures, small_plan(steps=2), tmp_path, device=CPU, judge=None)
    with pytest.raises(CheckpointError, match="other pictures"):
        train(pictures.select(np.arange(59)), small_plan(steps=1), tmp_path, device=CPU, judge=None)


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_damaged_checkpoint_says_so(damage: str, pictures: TrainingPictures, tmp_path: Path) -> None:
    train(pictures, small_plan(steps=1), tmp_path, device=CPU, judge=None)
    path = tmp_path / CHECKPOINT
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data[:-10] if damage == "cut" else data)

    with pytest.raises(CheckpointError, match=r"checkpoint\.safetensors: the checkpoint is damaged"):
        train(pictures, small_plan(steps=1), tmp_path, device=CPU, judge=None)


def test_stats_hold_losses_and_quality_at_their_steps(pictures: TrainingPictures, tmp_path: Path) -> None:
    train(pictures, small_plan(), tmp_path, device=CPU, judge=brightness)

    lines = read_lines(tmp_path)
    assert [line["step"] for line in lines] == [3, 4, 6, 8, 9, 12]
    assert [line["step"] for line in lines if "frechet" in line] == [4, 8, 12]
    assert [line["step"] for line in lines if "loss_discriminator" in line] == [3, 6, 9, 12]
    times = [line["seconds"] for line in lines]
    assert times == sorted(times)
    assert times[0] > 0.0


def test_grids_show_the_same_latents(pictures: TrainingPictures, tmp_path: Path) -> None:
    generator = train(pictures, small_plan(steps=6), tmp_path / "one", device=CPU, judge=None)
    train(pictures, small_plan(steps=6), tmp_path / "two", device=CPU, judge=brightness)

    names = [path.name for path in sorted((tmp_path / "one" / "grids").iterdir())]
    assert names == ["step-000006.png"]
    one, two = (np.asarray(Image.open(tmp_path / run / "grids" / names[0])) for run in ("one", "two"))
    assert one.shape == (len(generator.classes) * 18 - 2, 8 * 18 - 2)
    assert np.array_equal(one, two)


def test_training_stops_when_quality_has_not_risen_and_keeps_the_best_weights(
    pictures: TrainingPictures, tmp_path: Path
) -> None:
    figures = iter([5.0, 1.0, 2.0, 3.0])
    drawn = []

    def judge(draw: Draw) -> dict[str, float]:
        drawn.append(draw(9, 0))
        return {"frechet": next(figures)}

    plan = small_plan("optimized-cgan", steps=100, judge_every=2, patience=2)
    generator = train(pictures, plan, tmp_path, device=CPU, judge=judge)

    assert generator.card["training"]["steps"] == 8
    assert generator.card["quality"] == {"frechet": 1.0, "step": 4.0}
    mixed = pictures.labels.sort().values[torch.linspace(0, len(pictures) - 1, 9).round().long()]
    kept = draw_pixels(generator.network, mixed, 0, CPU.torch_device)
    assert torch.equal(kept, drawn[1])
    assert not torch.equal(kept, drawn[3])


def test_the_plain_recipe_keeps_the_last_weights(pictures: TrainingPictures, tmp_path: Path) -> None:
    figures = iter([1.0, 2.0])
    judged = train(
        pictures, small_plan(steps=4, judge_every=2), tmp_path / "judged", device=CPU,
        judge=lambda _: {"frechet": next(figures)},
    )  # fmt: skip
    unjudged = train(pictures, small_plan(steps=4, judge_every=2), tmp_path / "unjudged", device=CPU, judge=None)

    assert judged.sha256 == unjudged.sha256
    assert judged.card["quality"]["step"] == 2.0


def test_weights_from_before_the_classes_part_are_never_kept(pictures: TrainingPictures, tmp_path: Path) -> None:
    figures = iter([1.0, 9.0, 8.0, 8.5])
    plan = small_plan("optimized-dcgan", judge_every=3)  # the classes part after step 3
    generator = train(pictures, plan, tmp_path, device=CPU, judge=lambda _: {"frechet": next(figures)})

    assert generator.card["quality"] == {"frechet": 8.0, "step": 9.0}


def test_the_card_counts_and_hashes_what_was_learnt_from(pictures: TrainingPictures, tmp_path: Path) -> None:
    train(pictures, small_plan(steps=2), tmp_path, device=CPU, judge=None)

    card = json.loads((tmp_path / "generator.json").read_text())
    assert card["trained_on"] == {
        "pictures": 60,
        "counts": pictures.counts,
        "groups": 60,
        "sha256": pictures.sha256,
    }
    assert card["training"]["plan"]["seed"] == 3
    assert card["derived_from_patients"] is False
    assert card["privacy"] is None


def test_too_few_pictures_or_another_size_are_refused(pictures: TrainingPictures, tmp_path: Path) -> None:
    few = pictures.select(np.flatnonzero(pictures.labels.numpy() == 2)[:7])

    with pytest.raises(ValueError, match=r"at least 8 pictures of every class; benign has 0"):
        train(few, small_plan(), tmp_path, device=CPU)
    with pytest.raises(ValueError, match="wants pictures with 32 pixels a side; these have 16"):
        train(pictures, small_plan(size=32), tmp_path, device=CPU)


def test_the_default_judge_measures_distance_to_the_training_pictures(
    pictures: TrainingPictures, tmp_path: Path
) -> None:
    train(pictures, small_plan(steps=1, judge_every=1), tmp_path, device=CPU)

    (line,) = read_lines(tmp_path)
    assert line["frechet"] > 1.0
    assert TrainedGenerator.load(tmp_path / GENERATOR).card["quality"]["frechet"] == line["frechet"]
