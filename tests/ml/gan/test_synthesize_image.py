"""`python -m ml synthesize image` from end to end on phantoms, and what it says of bad input."""

import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.__main__ import main
from ml.imaging.data import read_pictures
from ml.imaging.phantoms import draw_phantoms

NAMES = ("benign", "malignant", "normal")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    drawn = draw_phantoms(40, 40, seed=3)
    for place, (picture, label) in enumerate(zip(drawn.canvases[:, 0].numpy(), drawn.labels.tolist(), strict=True)):
        if NAMES[label] != "normal":
            path = folder / NAMES[label] / f"patient-{place}.png"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(picture).save(path)
    return folder


def command(**options: object) -> list[str]:
    words = ["synthesize", "image"]
    for name, value in options.items():
        words += [f"--{name}", str(value)]
    return words


def test_trains_draws_and_draws_again_from_the_saved_generator(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, again = tmp_path / "set", tmp_path / "again"
    told = command(
        architecture="dcgan", data=data, count=9, seed=4, out=out, size=16, steps=2, mix="malignant=0.67", device="cpu"
    )
    assert main(told) == 0
    assert "3 benign, 6 malignant" in capsys.readouterr().out
    assert [path.name for path in sorted((out / "malignant").iterdir())] == [f"{n:05d}.png" for n in range(1, 7)]
    with (out / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert Counter(row["label"] for row in rows) == {"benign": 3, "malignant": 6}
    assert read_pictures(out / "labels.csv").pictures[0].shape == (16, 16)
    written = {path.name for path in (out / "training").iterdir()}
    assert written == {"checkpoint.safetensors", "generator.safetensors", "generator.json", "grids", "stats.jsonl"}
    assert "patient" not in (out / "training" / "generator.json").read_text().replace("derived_from_patients", "")

    model = out / "training" / "generator.safetensors"
    assert main(command(model=model, count=9, seed=4, out=again, mix="malignant=0.67")) == 0
    for row in rows:
        assert np.array_equal(np.asarray(Image.open(out / row["path"])), np.asarray(Image.open(again / row["path"])))


def test_a_stopped_training_goes_on_in_its_folder(data: Path, tmp_path: Path) -> None:
    told = {"architecture": "cgan", "data": data, "count": 2, "size": 16, "steps": 2, "checkpoints": tmp_path / "run"}
    assert main(command(**told, out=tmp_path / "one")) == 0
    first = json.loads((tmp_path / "run" / "generator.json").read_text())
    assert main(command(**told, out=tmp_path / "two")) == 0

    assert json.loads((tmp_path / "run" / "generator.json").read_text())["weights"] == first["weights"]
    assert main(command(**{**told, "steps": 3}, out=tmp_path / "three")) == 1


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(list(words)) == 1
    return " ".join(capsys.readouterr().err.split())


def test_bad_input_is_told_plainly(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty, one, few, out = (tmp_path / name for name in ("empty", "one", "few", "out"))
    empty.mkdir()
    (one / "benign").mkdir(parents=True)
    for name in ("benign", "malignant"):
        (few / name).mkdir(parents=True)
        for path in sorted((data / name).iterdir())[:3]:
            (few / name / path.name).write_bytes(path.read_bytes())
            (one / "benign" / path.name).write_bytes(path.read_bytes())
    common = {"architecture": "dcgan", "count": 2, "size": 16, "steps": 1, "out": out}

    def told(**options: object) -> str:
        return refusal(capsys, *command(**{**common, **options}))

    assert "no pictures in subfolders named benign, malignant or normal" in told(data=empty)
    assert "all pictures are benign; a labelled set needs pictures of two classes" in told(data=one)
    assert "at least 8 pictures of every class; benign has 3" in told(data=few)
    assert "unknown architecture 'biggan'; choose one of dcgan" in told(data=data, architecture="biggan")
    assert "--count must be at least 1; got 0" in told(data=data, count=0)
    assert "such as malignant=0.5; got 'malignant'" in told(data=data, mix="malignant")
    assert "no class is named 'cyst'" in told(data=data, mix="cyst=0.5")
    assert "a seed" in told(data=data, seed=-1) or "--seed lies between" in told(data=data, seed=-1)
    assert "dcgan can't be trained with differential privacy" in told(data=data, epsilon=1)
    assert "give --architecture and --data" in refusal(capsys, *command(count=2, out=out))
    assert "the model card can't be read" in refusal(capsys, *command(count=2, out=out, model=tmp_path / "absent"))


def test_a_wrong_mix_or_device_is_refused_before_training(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def trained(*_: object, **__: object) -> None:
        pytest.fail("trained before the options were checked")

    monkeypatch.setattr("ml.commands.synthesize_image.train", trained)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    common = {"architecture": "dcgan", "data": data, "count": 2, "size": 16, "out": tmp_path / "out"}
    for option, message in (
        ({"mix": "benign=0.9,malignant=0.9"}, "the classes' shares must add up to 1; they make 1.8"),
        ({"mix": "benign=nan"}, "a class's share lies between 0 and 1; benign has nan"),
        ({"device": "cuda"}, "device cuda: torch finds none on this machine"),
    ):
        assert message in refusal(capsys, *command(**common, **option))


def test_a_folder_that_cant_take_a_set_is_refused_before_training(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken, file = tmp_path / "taken", tmp_path / "file"
    taken.mkdir()
    (taken / "labels.csv").write_text("path,label\n")
    file.write_text("")

    for out, message in ((taken, "holds a set already"), (file / "below", "can't be made")):
        told = command(architecture="dcgan", data=data, count=2, out=out, size=16)
        assert message in refusal(capsys, *told)
