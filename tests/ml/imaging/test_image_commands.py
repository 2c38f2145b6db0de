"""`python -m ml train | evaluate | predict image` from end to end on tiny data."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.__main__ import main
from ml.imaging.data import PictureSet
from ml.imaging.predictor import ImagePredictor

LABELS = ("benign", "malignant", "normal")
TINY = "--members 1 --steps 1 --phantoms 6 --phantom-steps 1 --counterexamples 16 --size 32".split()  # noqa: SIM905
KEYS = ["path", "status", "probability_malignant", "prediction_set", "reason"]
DICOM = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, pictures: PictureSet) -> Path:
    """A hospital's folder of pictures."""
    folder = tmp_path_factory.mktemp("archive")
    for index, (picture, label) in enumerate(zip(pictures.pictures, pictures.labels, strict=True)):
        path = folder / LABELS[label] / f"{index}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(picture).save(path)
    return folder


def test_train_writes_weights_and_a_card_that_predict_uses(archive: Path, tmp_path: Path) -> None:
    weights, out = tmp_path / "mg.safetensors", tmp_path / "out.jsonl"
    command = ["train", "image", "--data", str(archive), "--modality", "MG", "--out", str(weights), "--steps", "1"]
    command += ["--members", "1", "--size", "32", "--counterexamples", "16", "--source", "our own", "--licence", "ours"]
    assert main(command) == 0
    card = json.loads(weights.with_suffix(".json").read_text())
    assert card["training_data"]["source"] == "our own"
    assert card["training_data"]["cases"] == 30
    assert card["modality"] == "MG"
    assert ImagePredictor.load(weights).modality == "MG"

    (archive / "broken.png").write_bytes(b"nothing")
    paths = [str(archive / "benign"), str(archive / "broken.png"), str(tmp_path / "absent.png")]
    assert main(["predict", "image", *paths, "--modality", "MG", "--weights", str(weights), "--json", str(out)]) == 0
    (archive / "broken.png").unlink()
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(lines) == len(list((archive / "benign").iterdir())) + 2
    assert all(list(line)[:5] == KEYS for line in lines)
    for line in lines:
        assert (line["probability_malignant"] is None) == (line["status"] == "refused")
        assert (line["reason"] == "") == (line["status"] == "scored")
    assert [line["status"] for line in lines[-2:]] == ["refused", "refused"]
    assert all(line["reason"] for line in lines[-2:])


def test_predict_without_a_model_for_the_modality_refuses_and_says_so(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = next((archive / "benign").iterdir())
    assert main(["predict", "image", str(picture), "--modality", "MG"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert line["status"] == "refused"
    assert line["reason"] == "No validated model for this modality (MG) is installed."


def test_evaluate_prints_its_tables_and_resumes(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report, keep = tmp_path / "report.json", tmp_path / "keep"
    masks = tmp_path / "masks" / "benign"
    masks.mkdir(parents=True)
    first = sorted((archive / "benign").iterdir())[0]
    masks.joinpath(first.name).write_bytes(first.read_bytes())
    outline = np.zeros((80, 80), dtype=np.uint8)
    outline[20:60, 20:60] = 255
    Image.fromarray(outline).save(masks / f"{first.stem}_mask.png")
    command = ["evaluate", "image", "--data", str(archive), "--folds", "2", "--keep", str(keep), *TINY]
    command += ["--baseline-steps", "1", "--masks", str(masks.parent), "--json", str(report)]
    assert main(command) == 0
    shown = capsys.readouterr().out
    assert "ResNet-18 from scratch" in shown
    assert "Evidence maps of 1 outlined lesions" in shown
    figures = json.loads(report.read_text())
    assert set(figures["performance"]["auc"]) == {"mean", "low", "high"}
    assert figures["near_duplicates"]["pictures"] == 30
    assert figures["novelty"]["kinds"]["ultrasound, nearly black"]["refused"] == 1.0
    kept = sorted(path.name for path in keep.iterdir())
    assert kept == [
        "ensemble-0.safetensors",
        "ensemble-1.safetensors",
        "resnet-0.npy",
        "resnet-1.npy",
        "school.safetensors",
    ]
    times = {path: path.stat().st_mtime_ns for path in keep.iterdir()}
    assert main(command) == 0
    assert {path: path.stat().st_mtime_ns for path in keep.iterdir()} == times


def test_unusable_data_ends_with_a_plain_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "image", "--data", str(tmp_path), "--steps", "1", *TINY[:2]]) == 1
    assert "no pictures in subfolders" in capsys.readouterr().err


@pytest.mark.skipif(not (DICOM / "dicom-pydicom").is_dir(), reason="the shared DICOM files are not here")
def test_dicom_of_another_modality_is_refused_by_its_tags(capsys: pytest.CaptureFixture[str]) -> None:
    paths = [DICOM / "dicom-pydicom/pydicom/CT_small.dcm", DICOM / "dicom-mg-wg04/MG1_J2KI.dcm"]
    assert main(["predict", "image", *map(str, paths), "--modality", "US"]) == 0
    tomogram, mammogram = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert tomogram["reason"] == "No validated model for this modality (CT) is installed."
    assert mammogram["reason"] == "No validated model for this modality (MG) is installed."
