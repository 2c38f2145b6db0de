"""`python -m ml evaluate synthetic`: exit status, messages and the JSON file."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from ml.__main__ import main
from ml.fna.features import FEATURE_NAMES
from ml.gan.folder import write_folder
from ml.gan.tabular.peers import EmpiricalCopula, smote_rows
from ml.release.passport import Passport
from ml.release.tables import Table
from ml.release.trials import planted_pictures as planted
from ml.release.trials.pictures import phantoms
from ml.release.trials.tables import division

COUNTS = {0: 120, 1: 80}


def write(path: Path, table: Table, names: tuple[str, ...] = (*FEATURE_NAMES, "diagnosis")) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(names)
        out.writerows([*map(repr, row), "BM"[label]][: len(names)] for row, label in zip(*_plain(table), strict=True))
    return path


def _plain(table: Table) -> tuple[list[list[float]], list[int]]:
    return table[0].tolist(), table[1].tolist()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("tables")
    train, holdout = division(700)
    tables = {
        "train": train,
        "holdout": holdout,
        "honest": EmpiricalCopula().fit(*train).sample(COUNTS, 1),
        "smote": smote_rows(*train, COUNTS, 1),
    }
    return {name: write(folder / f"{name}.csv", table) for name, table in tables.items()}


def evaluate(files: dict[str, Path], synthetic: Path, *more: str) -> int:
    options = ["--kind", "fna", "--train", str(files["train"]), "--holdout", str(files["holdout"])]
    return main(["evaluate", "synthetic", *options, "--synthetic", str(synthetic), *more])


def test_an_honest_table_is_releasable(files, tmp_path, capsys) -> None:
    report = tmp_path / "passport.json"
    assert evaluate(files, files["honest"], "--json", str(report)) == 0
    assert "Releasable: nothing stands against it" in capsys.readouterr().out
    found = json.loads(report.read_text(encoding="utf-8"))
    assert found["verdict"] == {"releasable": True, "reasons": []}
    assert Passport.from_dict(found["passport"]).sizes == {"train": 398, "holdout": 171, "synthetic": 200}


def test_smote_is_blocked_with_its_reason(files, capsys) -> None:
    assert evaluate(files, files["smote"], "--markdown") == 3
    printed = capsys.readouterr().out
    assert "## Verdict" in printed
    assert "- interpolations: Records of the set are blends of two real records" in printed


def test_a_table_without_diagnosis_is_named(files, tmp_path, capsys) -> None:
    path = write(tmp_path / "bare.csv", division(700)[1], FEATURE_NAMES)
    assert evaluate(files, path) == 1
    assert "bare.csv: row 2 has no diagnosis (171 of 171 rows have none)" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(files, tmp_path, capsys) -> None:
    assert evaluate(files, tmp_path / "absent.csv") == 1
    assert "absent.csv: can't be read (No such file or directory)" in capsys.readouterr().err


def test_an_extractor_is_for_pictures(files, capsys) -> None:
    assert evaluate(files, files["honest"], "--extractor", "inception") == 1
    assert "--extractor is for pictures" in capsys.readouterr().err


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("pictures")
    train, holdout = phantoms(40, 9101), phantoms(34, 9102)
    leaked = planted.mirrored(train.pixels, 32, np.random.default_rng(1))
    labels = torch.arange(32) % 3
    for name, pixels, classes in (
        ("train", train.pixels, train.labels),
        ("holdout", holdout.pixels, holdout.labels),
        ("leaked", leaked, labels),
    ):
        write_folder(root / name, [(pixels, classes)], train.classes)
    return {name: root / name for name in ("train", "holdout", "leaked")}


def evaluate_pictures(folders: dict[str, Path], synthetic: Path, *more: str) -> int:
    options = ["--kind", "image", "--train", str(folders["train"]), "--holdout", str(folders["holdout"])]
    return main(
        ["evaluate", "synthetic", *options, "--synthetic", str(synthetic), "--steps", "1", "--classifiers", "1", *more]
    )


def test_mirrored_pictures_are_blocked(folders, tmp_path, capsys) -> None:
    report = tmp_path / "passport.json"
    derived = ("--derived-from-patients", "--json", str(report))
    assert evaluate_pictures(folders, folders["leaked"], *derived) == 3
    codes = [reason["code"] for reason in json.loads(report.read_text(encoding="utf-8"))["verdict"]["reasons"]]
    assert {"exact_copies", "near_copies", "no_consent"} <= set(codes)
    assert "exact_copies: Records of the set are copies of real records" in capsys.readouterr().out


def test_a_folder_without_outcomes_is_named(folders, tmp_path, capsys) -> None:
    assert evaluate_pictures(folders, tmp_path) == 1
    assert "no pictures in subfolders named benign, malignant or normal" in capsys.readouterr().err


def test_inception_needs_its_weights_and_their_checksum(folders, tmp_path, capsys) -> None:
    assert evaluate_pictures(folders, folders["leaked"], "--extractor", "inception") == 1
    assert "--extractor-weights FILE and --extractor-sha256 HEX" in capsys.readouterr().err
    weights = tmp_path / "weights.pth"
    weights.write_bytes(b"forged")
    options = ("--extractor", "inception", "--extractor-weights", str(weights), "--extractor-sha256", "0" * 64)
    assert evaluate_pictures(folders, folders["leaked"], *options) == 1
    assert "the file was not opened" in capsys.readouterr().err
