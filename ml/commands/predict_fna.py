"""`python -m ml predict fna FILE`: answers for every row of a table."""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

from ml.artifacts import ArtifactError
from ml.commands.console import CommandError, errors, progress_bar, write_json
from ml.fna.intake import FnaTable, Problem, TableError, read_table
from ml.fna.predictor import FnaPredictor

COLUMNS = ("row", "status", "probability_malignant", "prediction_set", "reason")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("file", type=Path, help="table of measurements: CSV, TSV, Excel, or UCI's own form")
    parser.add_argument("--out", type=Path, help="CSV to write (standard output)")
    parser.add_argument("--json", type=Path, help="also write every answer with all its evidence here")
    parser.add_argument("--weights", type=Path, help="weights to use (the shipped ones)")


def run(arguments: argparse.Namespace) -> None:
    """Read the table, answer, write.

    Raises:
        CommandError: when the table or the weights can't be used, or the output can't be written.
    """
    table = _read(arguments.file)
    try:
        predictor = FnaPredictor.load(arguments.weights)
    except ArtifactError as error:
        raise CommandError(str(error)) from error
    rows = _answer(table, predictor)
    if arguments.out is None:
        write_answers(sys.stdout, rows)
    else:
        try:
            with arguments.out.open("w", encoding="utf-8", newline="") as file:
                write_answers(file, rows)
        except OSError as error:
            raise CommandError(f"{arguments.out}: can't be written ({error.strerror})") from error
    if arguments.json:
        report = {
            "weights_sha256": predictor.weights_sha256,
            "preprocessing_version": predictor.preprocessing_version,
            "trained_on": predictor.card["training_data"]["summary"],
            "provenance": predictor.provenance(),
            "rows": rows,
        }
        write_json(arguments.json, report)
    counts = Counter(row["status"] for row in rows)
    told = ", ".join(f"{counts[status]} {status}" for status in ("scored", "uncertain", "refused"))
    errors.print(f"{len(rows)} rows: {told}. Trained on {predictor.card['training_data']['summary']}.")


def write_answers(file: TextIO, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write the answers as CSV with the columns COLUMNS; labels of a set are separated by blanks."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        probability = row["probability_malignant"]
        shown = "" if probability is None else f"{probability:.6f}"
        writer.writerow((row["row"], row["status"], shown, " ".join(row["prediction_set"]), row["reason"]))


def _answer(table: FnaTable, predictor: FnaPredictor) -> list[dict[str, Any]]:
    """Every row's answer in the table's order; a row that can't be read is refused, the others are answered."""
    readable = [index for index, row in enumerate(table.row_numbers) if row not in table.faults]
    with progress_bar("Predicting") as progress:
        answers = predictor.predict(table.X[readable], progress=progress)
    answered = {table.row_numbers[i]: answer.as_dict() for i, answer in zip(readable, answers, strict=True)}
    return [{"row": row, **(answered.get(row) or _unreadable(table.faults[row]))} for row in table.row_numbers]


def _unreadable(faults: list[Problem]) -> dict[str, Any]:
    return {
        "status": "refused",
        "probability_malignant": None,
        "prediction_set": [],
        "reason": " ".join(fault.message for fault in faults),
        "reasons": [{"code": fault.code, "message": fault.message, "features": []} for fault in faults],
    }


def _read(path: Path) -> FnaTable:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path}: can't be read ({error.strerror})") from error
    try:
        return read_table(data, path.name, keep_faulty_rows=True)
    except TableError as error:
        raise CommandError(f"{path}: not a usable table of FNA measurements.\n{error}") from error
