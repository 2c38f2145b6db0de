"""The benchmark of all architectures: its readings by hand, and one run from end to end on phantoms."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ml.__main__ import main
from ml.gan.benchmarking.convergence import convergence, seconds_to_reach
from ml.gan.benchmarking.judge import ClassJudge
from ml.gan.benchmarking.trial import REHEARSAL, Conditions, _plan
from ml.gan.judging import JUDGED
from ml.gan.pictures import TrainingPictures
from ml.imaging.phantoms import draw_phantoms
from ml.metrics.images.extractor import default_extractor
from ml.training.device import choose_device

NAMES = ("benign", "malignant", "normal")
LINES: list[dict[str, Any]] = [
    {"step": 10, "seconds": 1.0, "frechet": 9.0},
    {"step": 15, "seconds": 1.5, "loss": 0.3},
    {"step": 20, "seconds": 2.0, "frechet": 4.1},
    {"step": 30, "seconds": 3.0, "frechet": 5.0},
    {"step": 40, "seconds": 4.0, "frechet": 4.0},
]


def test_convergence_is_the_first_moment_near_the_best() -> None:
    found = convergence(LINES, "frechet", batch=16, pictures=80)

    assert (found.best, found.best_seconds, found.judgements) == (4.0, 4.0, 4)
    assert found.seconds == 2.0  # 4.1 lies within 5 % of 4
    assert found.epochs == pytest.approx(20 * 16 / 80)


def test_a_training_that_was_never_judged_has_not_converged() -> None:
    with pytest.raises(ValueError, match="hold no frechet"):
        convergence(LINES[1:2], "frechet", batch=16, pictures=80)


def test_seconds_to_reach_a_bar() -> None:
    assert seconds_to_reach(LINES, "frechet", 5.0) == 2.0
    assert seconds_to_reach(LINES, "frechet", 3.9) is None


def test_the_judge_notices_swapped_classes() -> None:
    bright = torch.cat([torch.randint(low, low + 60, (40, 1, 16, 16), dtype=torch.uint8) for low in (0, 180)])
    bright[:40, :, 4:12, 4:12] = 250  # a square in the first class
    labels = torch.arange(2).repeat_interleave(40)
    judge = ClassJudge(TrainingPictures(bright, labels, NAMES[:2], np.arange(80)), default_extractor())
    rows = torch.linspace(0, 79, JUDGED).round().long()

    right, swapped = judge(lambda count, seed: bright[rows]), judge(lambda count, seed: bright[rows].flip(0))

    assert swapped["frechet"] == pytest.approx(right["frechet"], abs=1e-3)
    assert right["frechet_by_class"] < 0.01 * swapped["frechet_by_class"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Phantoms as files, a folder per outcome."""
    root = tmp_path_factory.mktemp("pictures")
    phantoms = draw_phantoms(90, 32, seed=1)
    for number, (pixels, label) in enumerate(
        zip(phantoms.canvases[:, 0].numpy(), phantoms.labels.tolist(), strict=True)
    ):
        below = root / NAMES[label]
        below.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(below / f"{number}.png")
    return root


def benchmark(folder: Path, out: Path, *options: str) -> dict[str, Any]:
    report = out / "report.json"
    arguments = ["benchmark", "gans", "--data", str(folder), "--size", "16", "--out", str(out), "--json", str(report)]
    arguments += ["--steps", "20", "--classifier-steps", "3", "--device", "cpu", *options]
    assert main(arguments) == 0
    told: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return told


def test_two_architectures_from_pictures_to_tables(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = benchmark(folder, tmp_path, "--architectures", "cgan,optimized-cgan", "--markdown")
    printed = capsys.readouterr().out

    plain, optimised = report["trials"]
    assert [plain["architecture"], optimised["architecture"]] == ["cgan", "optimized-cgan"]
    assert plain["steps"] == optimised["steps"] == 20
    assert sum(plain["drawn"].values()) == pytest.approx(0.7 * 90, abs=5)
    assert plain["usage"]["cpu_seconds"] > 0.0
    assert plain["bytes_stored"] > plain["bytes_sent"] > 0
    assert plain["cost"]["on demand"] > plain["cost"]["reserved"] > plain["cost"]["spot"] > 0.0
    assert plain["convergence"]["best"] == min(line["frechet"] for line in plain["curve"])
    assert plain["few"]["gain"]["auc"]["mean"] == pytest.approx(
        plain["few"]["augmented"]["auc"]["mean"] - report["real"]["few_real"]["auc"]["mean"]
    )
    assert report["real"]["quality"]["frechet"]["ratio"] > plain["quality"]["frechet"]["ratio"]
    pairs = {pair["figure"]: pair for pair in report["optimised"]}
    assert pairs["over all classes"]["bar"] == plain["convergence"]["best"]
    assert default_extractor().sha256[:12] in report["protocol"]
    assert report["protocol"] in printed
    assert printed.count("### ") == 6
    assert f"| {plain['title']} |" in printed
    with Image.open(tmp_path / report["grids"]["cgan"]) as grid:
        assert grid.size == (8 * 18 - 2, 3 * 18 - 2)

    trained = tmp_path / "cgan" / "training" / "generator.safetensors"
    before = trained.stat().st_mtime_ns
    again = benchmark(folder, tmp_path, "--architectures", "cgan")

    assert again["trials"] == [plain]
    assert trained.stat().st_mtime_ns == before
    assert again["optimised"] == []


def test_minutes_become_steps_by_a_rehearsal_and_stay_so(tmp_path: Path) -> None:
    phantoms = draw_phantoms(60, 16, seed=2)
    pictures = TrainingPictures(phantoms.canvases, phantoms.labels, NAMES, np.arange(60))
    few, many = (
        Conditions(pictures, pictures, 16, minutes, None, 0, choose_device("cpu"), default_extractor())
        for minutes in (1e-9, 1.0)
    )
    for conditions, name in ((few, "few"), (many, "many")):
        (tmp_path / name).mkdir()
        plan = _plan("cgan", conditions, tmp_path / name)

        assert _plan("cgan", conditions, tmp_path / name) == plan
        assert plan.patience is None
        assert (plan.steps > REHEARSAL) == (conditions is many)
    with pytest.raises(ValueError, match="few: of a benchmark with other options"):
        _plan("cgan", many, tmp_path / "few")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--architectures", "dcgan,nogan"], "nogan"),
        (["--steps", "5", "--minutes-each", "1"], "not both"),
        (["--threads", "0"], "--threads must be above 0"),
        (["--prices", "none.json"], "none.json"),
    ],
)
def test_bad_options_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    assert main(["benchmark", "gans", "--data", str(folder), "--size", "16", *options]) == 1
    assert words in capsys.readouterr().err
