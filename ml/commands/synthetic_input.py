"""Reading real and synthetic records for `evaluate synthetic`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ml.commands.console import CommandError
from ml.commands.train_image import read_or_fail
from ml.fna.intake import TableError, read_table
from ml.gan.pictures import CLASS_NAMES, TrainingPictures
from ml.imaging.duplicates import near_duplicate_groups
from ml.imaging.preprocessing import canvas, grey
from ml.release.tables import Table


def read_table_with_outcomes(path: Path) -> Table:
    """FNA measurements `(n, 30)` and outcomes `(n,)`, 1 malignant, from a table in any shape that intake reads.

    Raises:
        CommandError: when the table can't be read, or a row has no diagnosis.
    """
    try:
        found = read_table(path.read_bytes(), path.name)
    except OSError as error:
        raise CommandError(f"{path}: can't be read ({error.strerror})") from error
    except TableError as error:
        raise CommandError(f"{path}: not a usable table of FNA measurements.\n{error}") from error
    unknown = [row for row, outcome in zip(found.row_numbers, found.known_outcomes, strict=True) if outcome is None]
    if unknown:
        raise CommandError(
            f"{path}: row {unknown[0]} has no diagnosis ({len(unknown)} of {len(found.X)} rows have none). Expected is "
            "a column “diagnosis” with M or B in every row."
        )
    return found.X, np.array(found.known_outcomes, dtype=np.int64)


def read_pictures_at(path: Path, size: int) -> TrainingPictures:
    """Pictures as grey squares of `size` pixels: those that are such squares as they are, of others their content.

    Raises:
        CommandError: when they can't be used.
    """
    found = read_or_fail(path)
    squares = torch.from_numpy(np.stack([_square(picture, size) for picture in found.pictures]))[:, None]
    codes = list(CLASS_NAMES)
    labels = torch.tensor([codes.index(label) for label in found.labels.tolist()])
    groups = near_duplicate_groups(squares, found.groups)
    return TrainingPictures(squares, labels, tuple(CLASS_NAMES.values()), groups)


def _square(picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    return grey(picture) if picture.shape[:2] == (size, size) else canvas(picture, size)
