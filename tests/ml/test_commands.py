"""`python -m ml …` from end to end."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from ml.__main__ import main
from ml.fna.predictor import FnaPredictor
from ml.fna.reference import reference_cases
from ml.fna.schema import FEATURE_NAMES

REAL_FILES = Path(__file__).parents[3] / "shared" / "data" / "fna-tabular"
real_files = pytest.mark.skipif(not REAL_FILES.is_dir(), reason="the shared real FNA tables are not here")


def table(path: Path, rows: np.ndarray) -> Path:
    lines = [",".join(FEATURE_NAMES), *(",".join(map(repr, row.tolist())) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_an_interruption_while_the_models_load_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ml.__main__.import_module", interrupted)

    assert main(["predict", "fna", "rows.csv"]) == 130
    assert "stopped" in capsys.readouterr().err


def test_predict_writes_its_columns_and_every_status(tmp_path: Path) -> None:
    rows = reference_cases().X[:200].copy()
    rows[3, FEATURE_NAMES.index("area_worst")] /= 10
    source, out, report = table(tmp_path / "rows.csv", rows), tmp_path / "out.csv", tmp_path / "out.json"

    status = main(["predict", "fna", str(source), "--out", str(out), "--json", str(report)])

    assert status == 0
    with out.open(newline="") as file:
        written = list(csv.DictReader(file))
    assert list(written[0]) == ["row", "status", "probability_malignant", "prediction_set", "reason"]
    assert len(written) == 200
    assert {line["status"] for line in written} == {"scored", "uncertain", "refused"}
    for line in written:
        refused = line["status"] == "refused"
        assert (line["probability_malignant"] == "") == refused
        assert (line["prediction_set"] == "") == refused
        assert (line["reason"] == "") == (line["status"] == "scored")
    assert written[3]["status"] == "refused"
    full = json.loads(report.read_text())
    assert full["weights_sha256"] == FnaPredictor.load().weights_sha256
    assert [entry["status"] for entry in full["rows"]] == [line["status"] for line in written]


def test_predict_without_out_prints_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = table(tmp_path / "rows.csv", reference_cases().X[:3])

    assert main(["predict", "fna", str(source)]) == 0

    assert capsys.readouterr().out.splitlines()[0] == "row,status,probability_malignant,prediction_set,reason"


@real_files
@pytest.mark.parametrize("name", ["wdbc.data", "wdbc_prakash.data", "wdbc_titlecase_header_diagnosis_last.csv"])
def test_predict_reads_real_files_alike(tmp_path: Path, name: str) -> None:
    out = tmp_path / "out.csv"

    assert main(["predict", "fna", str(REAL_FILES / name), "--out", str(out)]) == 0

    with out.open(newline="") as file:
        found = [float(line["probability_malignant"] or "nan") for line in csv.DictReader(file)]
    answers = FnaPredictor.load().predict(reference_cases().X)
    expected = [answer.probability_malignant for answer in answers]
    np.testing.assert_allclose(found, [np.nan if value is None else value for value in expected], atol=1e-6)


@real_files
@pytest.mark.parametrize("name", ["wbc_with_header.csv", "mammographic_masses.data", "SOURCE.txt"])
def test_predict_refuses_other_tables(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.csv"

    assert main(["predict", "fna", str(REAL_FILES / name), "--out", str(out)]) == 1

    told = capsys.readouterr().err
    assert name in told.replace("\n", "")
    assert "Traceback" not in told
    assert not out.exists()


def test_predict_says_what_is_wrong_with_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = table(tmp_path / "rows.csv", reference_cases().X[:3])

    assert main(["predict", "fna", str(tmp_path / "absent.csv")]) == 1
    assert "can't be read" in capsys.readouterr().err
    assert main(["predict", "fna", str(source), "--out", str(tmp_path / "no" / "out.csv")]) == 1
    assert "can't be written" in capsys.readouterr().err
    assert main(["predict", "fna", str(source), "--weights", str(tmp_path / "no.safetensors")]) == 1
    assert "model card" in capsys.readouterr().err


def test_train_writes_a_model_that_predicts(tmp_path: Path) -> None:
    arguments = ["--folds", "2", "--repeats", "1", "--steps", "2", "--members", "2", "--jobs", "1"]

    assert main(["train", "fna", "--out", str(tmp_path), *arguments]) == 0

    predictor = FnaPredictor.load(tmp_path / "autoencoder_gan.safetensors")
    assert len(predictor.predict(reference_cases().X[:3])) == 3
    assert predictor.card["design"]["steps"] == 2
    assert predictor.card["training_data"]["cases"] == 569


def test_evaluate_reports_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--folds", "2", "--repeats", "1", "--steps", "2", "--members", "2", "--splits", "1"]
    out = tmp_path / "figures.json"

    status = main(["evaluate", "fna", *arguments, "--no-baselines", "--ablations", "--jobs", "1", "--json", str(out)])

    assert status == 0
    report = json.loads(out.read_text())
    assert set(report["ablations"]) == {"without the GAN", "without the autoencoder", "without both"}
    assert 0 < report["models"]["autoencoder-GAN"]["accuracy"]["mean"] < 1
    assert len(report["single_splits"]["splits"]) == 1
    told = capsys.readouterr().out
    assert "98.52" in told
    assert "two values swapped" in told


def test_evaluate_needs_two_folds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "fna", "--folds", "1"]) == 1
    assert "--folds 2" in capsys.readouterr().err
