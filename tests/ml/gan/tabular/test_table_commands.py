"""`ml synthesize fna` and `ml benchmark tables` from end to end."""

import csv
import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.__main__ import main
from ml.commands.synthesize_fna import table_csv
from ml.fna.features import FEATURE_NAMES
from ml.fna.intake import read_table
from ml.gan.tabular.training import TrainingSettings
from ml.metrics.tables import c2st_auc

Table = tuple[NDArray[np.float64], NDArray[np.int64]]


@pytest.fixture(autouse=True)
def brief_training(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = TrainingSettings(steps=10, batch=32, hidden=16)
    monkeypatch.setattr("ml.gan.tabular.generator.TrainingSettings", lambda: settings)


@pytest.fixture
def source(table: Table, tmp_path: Path) -> Path:
    path = tmp_path / "train.csv"
    path.write_bytes(table_csv(*table))
    return path


def synthesize(source: Path, out: Path, *options: str) -> int:
    return main(
        ["synthesize", "fna", "--train", str(source), "--count", "50", "--seed", "3", "--out", str(out), *options]
    )


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())


def test_synthetic_rows_are_read_back_by_intake(source: Path, table: Table, tmp_path: Path) -> None:
    out, again = tmp_path / "out.csv", tmp_path / "again.csv"

    assert synthesize(source, out) == 0
    assert synthesize(source, again) == 0

    read = read_table(out.read_bytes(), out.name)
    assert out.read_text().splitlines()[0] == ",".join((*FEATURE_NAMES, "diagnosis"))
    assert {warning.code.partition(":")[0] for warning in read.warnings} <= {"beyond_training"}
    assert read.known_outcomes.count(1) == round(50 * table[1].mean())
    assert read.X.shape == (50, 30)
    assert again.read_bytes() == out.read_bytes()


def test_a_saved_generator_draws_the_same_table(source: Path, tmp_path: Path) -> None:
    out, again, model = tmp_path / "out.csv", tmp_path / "again.csv", tmp_path / "model.safetensors"
    report = tmp_path / "report.json"

    assert synthesize(source, out, "--save-model", str(model), "--malignant", "0.5", "--json", str(report)) == 0
    options = ["--count", "50", "--seed", "3", "--out", str(again), "--malignant", "0.5"]
    assert main(["synthesize", "fna", "--model", str(model), *options]) == 0

    with out.open(newline="") as file:
        assert [row["diagnosis"] for row in csv.DictReader(file)].count("M") == 25
    assert again.read_bytes() == out.read_bytes()
    found = json.loads(report.read_text())
    assert found["drawn"]["rows"] == {"benign": 25, "malignant": 25}
    assert found["generator"]["privacy"]["words"].startswith("No formal guarantee.")
    assert len(found["generator"]["training_data"]["sha256"]) == 64


def test_a_private_card_hides_the_exact_table(source: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"

    assert synthesize(source, tmp_path / "out.csv", "--epsilon", "2", "--delta", "0.001", "--json", str(report)) == 0

    card = json.loads(report.read_text())["generator"]
    assert card["training_data"]["rows_are_noisy"] is True
    assert "sha256" not in card["training_data"]
    assert card["privacy"]["epsilon"] == 2.0


def test_a_table_without_diagnosis_is_refused(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with source.open(newline="") as file:
        rows = [row[:-1] for row in csv.reader(file)]
    source.write_text("\n".join(",".join(row) for row in rows) + "\n")

    assert synthesize(source, tmp_path / "out.csv") == 1

    assert "row 2 has no diagnosis" in said(capsys)
    assert not (tmp_path / "out.csv").exists()


def test_a_table_of_one_class_is_refused(
    source: Path, table: Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    benign = table[1] == 0
    source.write_bytes(table_csv(table[0][benign], table[1][benign]))

    assert synthesize(source, tmp_path / "out.csv") == 1

    assert "0 malignant rows, 0 of them different, are too few to learn from" in said(capsys)


def test_a_row_repeated_is_no_table_to_learn_from(
    source: Path, table: Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source.write_bytes(table_csv(np.repeat(table[0][:1], 40, axis=0), np.arange(40) % 2))

    assert synthesize(source, tmp_path / "out.csv") == 1

    assert "train.csv: 20 benign rows, 1 of them different, are too few to learn from" in said(capsys)


def test_classes_that_do_not_differ_are_learnt_all_the_same(source: Path, table: Table, tmp_path: Path) -> None:
    X = np.repeat(table[0][:20], 2, axis=0)
    source.write_bytes(table_csv(X, np.arange(40) % 2))

    assert synthesize(source, tmp_path / "out.csv") == 0

    assert read_table((tmp_path / "out.csv").read_bytes(), "out.csv").X.shape == (50, 30)


def test_outputs_that_cannot_be_written_are_told_before_learning(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def learnt(*_: object, **__: object) -> None:
        pytest.fail("learnt before the output was checked")

    monkeypatch.setattr("ml.gan.tabular.ConditionalTabularGAN.fit", learnt)
    before = source.read_bytes()
    good, absent = tmp_path / "out.csv", tmp_path / "absent" / "file"

    for out, options, message in (
        (tmp_path, (), "is a folder; name the file to write in it"),
        (absent, (), "there is no folder"),
        (good, ("--json", str(absent)), f"--json {absent}: there is no folder"),
        (source, (), "is the file to read, and would be lost"),
        (good, ("--seed", str(2**70)), "--seed lies between 0 and"),
    ):
        assert synthesize(source, out, *options) == 1
        assert " ".join(message.split()) in said(capsys)

    assert source.read_bytes() == before
    assert not good.exists()


def test_a_bad_cell_is_named_by_row_and_column(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = source.read_text().splitlines()
    cells = lines[4].split(",")
    cells[1] = "twelve"
    source.write_text("\n".join([*lines[:4], ",".join(cells), *lines[5:]]) + "\n")

    assert synthesize(source, tmp_path / "out.csv") == 1

    told = said(capsys)
    assert "ow 5" in told
    assert "texture_mean" in told


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--count", "0"), "--count must be 1 to 1,000,000 rows; got 0"),
        (("--malignant", "1.2"), "--malignant is a share from 0 to 1; got 1.2"),
        (("--seed", "-1"), "--seed lies between 0 and"),
        (("--epsilon", "0"), "--epsilon, --delta: ε must be above 0"),
        (("--save-model", "model.pt"), "must end in .safetensors"),
    ],
)
def test_bad_options_are_refused(
    options: tuple[str, ...], complaint: str, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert synthesize(source, tmp_path / "out.csv", *options) == 1

    assert complaint in said(capsys)


def test_a_missing_table_and_a_wrong_model_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert synthesize(tmp_path / "none.csv", tmp_path / "out.csv") == 1
    assert "none.csv" in said(capsys)
    out = ["--count", "5", "--out", str(tmp_path / "out.csv")]
    assert main(["synthesize", "fna", "--model", str(tmp_path / "none.safetensors"), *out]) == 1
    assert "the model card can't be read" in said(capsys)


def test_the_benchmark_measures_and_prints_its_protocol(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ml.metrics.tables.utility.TREES", 10)
    monkeypatch.setattr("ml.gan.tabular.benchmark.c2st_auc", partial(c2st_auc, trees=10))
    report = tmp_path / "report.json"
    names = ["per-class Gaussian", "plain copy"]

    assert main(["benchmark", "tables", "--folds", "2", "--only", *names, "--json", str(report)]) == 0

    printed = capsys.readouterr().out
    found = json.loads(report.read_text())["figures"]
    assert "2-fold stratified cross-validation, repeats (seeds) 0;" in printed
    assert list(found) == ["real training rows", *names]
    assert found["plain copy"]["nndr"]["mean"] == 0.0
    assert found["plain copy"]["distance_auc"]["mean"] > 0.75 > found["per-class Gaussian"]["distance_auc"]["mean"]
    assert found["plain copy"]["logistic_regression_accuracy_gap"]["low"] < 0.03


def test_the_benchmark_refuses_a_single_fold(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "tables", "--folds", "1"]) == 1

    assert "--folds must be 2 or more" in said(capsys)
