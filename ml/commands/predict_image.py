"""`python -m ml predict image PATH…`: answers for pictures, one line of JSON each."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from ml.artifacts import ArtifactError
from ml.commands.console import CommandError, errors, progress_bar
from ml.imaging.answers import ImagePrediction
from ml.imaging.predictor import TILE, ImagePredictor, NoModelError, no_model
from ml.imaging.reading import SUFFIXES, PictureError, PictureFile, read_picture
from ml.imaging.routing import route

MASKS = "_mask"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "paths", type=Path, nargs="+", metavar="PATH", help="PNG, JPEG, TIFF or DICOM files, or folders"
    )
    parser.add_argument("--modality", default="US", help="of the pictures whose tags don't tell it (US)")
    parser.add_argument(
        "--json", default="-", metavar="FILE", help="lines of JSON, one a picture; - for standard output"
    )
    parser.add_argument("--weights", type=Path, help="weights to use (the shipped ones)")


def run(arguments: argparse.Namespace) -> None:
    """Read, route, answer, write; a picture that can't be read is refused and the others are answered.

    Raises:
        CommandError: when the weights can't be used, or the output can't be written.
    """
    predictor = _predictor(arguments.weights, arguments.modality.upper())
    paths = list(_expanded(arguments.paths))
    if arguments.json == "-":
        counts = _write(sys.stdout, paths, predictor, arguments.modality.upper())
    else:
        try:
            with Path(arguments.json).open("w", encoding="utf-8") as file:
                counts = _write(file, paths, predictor, arguments.modality.upper())
        except OSError as error:
            raise CommandError(f"{arguments.json}: can't be written ({error.strerror})") from error
    told = ", ".join(f"{counts[status]} {status}" for status in ("scored", "uncertain", "refused"))
    errors.print(f"{sum(counts.values())} pictures: {told}.")


def _predictor(weights: Path | None, modality: str) -> ImagePredictor | None:
    """The model, or None where none is installed for the modality: then every picture is refused with that reason."""
    try:
        return ImagePredictor.load(weights, modality)
    except NoModelError:
        return None
    except ArtifactError as error:
        raise CommandError(str(error)) from error


def _expanded(paths: Sequence[Path]) -> Iterator[Path]:
    """Files as given; of folders, the pictures below them, without lesions' outlines."""
    for path in paths:
        if path.is_dir():
            yield from sorted(
                below
                for below in path.rglob("*")
                if below.is_file() and below.suffix.lower() in SUFFIXES and not below.stem.endswith(MASKS)
            )
        else:
            yield path


def _write(file: TextIO, paths: list[Path], predictor: ImagePredictor | None, modality: str) -> Counter[str]:
    """Answer in tiles, so that a folder of any size fits into memory."""
    counts: Counter[str] = Counter()
    with progress_bar("Reading pictures") as progress:
        for start in range(0, len(paths), TILE):
            for line in _answers(paths[start : start + TILE], predictor, modality):
                file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
                counts[line["status"]] += 1
            file.flush()
            progress(min(start + TILE, len(paths)), len(paths))
    return counts


def _answers(paths: list[Path], predictor: ImagePredictor | None, modality: str) -> list[dict[str, Any]]:
    lines: dict[int, dict[str, Any]] = {}
    ready: dict[int, NDArray[np.uint8]] = {}
    for index, path in enumerate(paths):
        try:
            ready[index] = _admitted(read_picture(path), predictor, modality)
        except PictureError as error:
            lines[index] = _refusal(path, error)
    answers = predictor.predict(list(ready.values())) if predictor and ready else []
    for index, answer in zip(ready, answers, strict=True):
        lines[index] = _line(paths[index], answer)
    return [lines[index] for index in range(len(paths))]


def _admitted(picture: PictureFile, predictor: ImagePredictor | None, modality: str) -> NDArray[np.uint8]:
    """The pixels, where the model may read them.

    Raises:
        PictureError: when the picture belongs to another model, or to none.
    """
    routed = route(picture.modality, picture.body_part, picture.pixels, stated=modality)
    if routed.reason:
        raise PictureError("not_routed", routed.reason)
    if predictor is None or routed.modality != predictor.modality:
        raise PictureError("no_model", no_model(routed.modality))
    return picture.pixels


def _line(path: Path, answer: ImagePrediction) -> dict[str, Any]:
    first = {
        "path": str(path),
        "status": answer.status,
        "probability_malignant": answer.probability_malignant,
        "prediction_set": list(answer.prediction_set),
        "reason": answer.reason,
    }
    return {**first, **{key: value for key, value in answer.as_dict().items() if key not in first}}


def _refusal(path: Path, error: PictureError) -> dict[str, Any]:
    return {
        "path": str(path),
        "status": "refused",
        "probability_malignant": None,
        "prediction_set": [],
        "reason": str(error),
        "reasons": [{"code": error.code, "message": str(error)}],
    }
