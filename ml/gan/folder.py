"""A set of drawn pictures as files: a PNG each in a folder per class, and a table of labels."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from PIL import Image
from torch import Tensor

LABELS = "labels.csv"


def write_folder(folder: Path, batches: Iterable[tuple[Tensor, Tensor]], classes: tuple[str, ...]) -> int:
    """Write batches of pixels `(n, 1, s, s)` uint8 and labels `(n,)`; returns how many pictures there were.

    `labels.csv` has the columns path and label, so that `ml.imaging.data.read_pictures` takes it as a manifest.
    """
    counts = dict.fromkeys(classes, 0)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LABELS).open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["path", "label"])
        for pixels, labels in batches:
            for picture, label in zip(pixels[:, 0].numpy(), labels.tolist(), strict=True):
                name = classes[label]
                counts[name] += 1
                path = f"{name}/{counts[name]:05d}.png"
                (folder / name).mkdir(exist_ok=True)
                Image.fromarray(picture).save(folder / path)
                table.writerow([path, name])
    return sum(counts.values())
