"""Pictures that are no ultrasound, real and drawn, by kind: what refusals are measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_sample_images

from ml.imaging.counterexamples import KINDS
from ml.imaging.evaluation.material import Material
from ml.imaging.reading import PictureError, read_picture
from ml.imaging.training import Progress

Picture = NDArray[np.uint8]
DRAWN_PER_KIND = 25
DRAWN_SEED = 20_000  # far from the seeds that training draws its counterexamples by
CROPS = 12
DARK = 0.03


@dataclass
class Strangers:
    """Pictures by kind, and the ultrasound pictures found among the files.

    Attributes:
        kinds: pictures that are no ultrasound.
        ultrasound: ultrasound of whatever part of the body, by file name.
        from_files: the kinds that come from files.
        unreadable: how many files held no picture.
    """

    kinds: dict[str, list[Picture]] = field(default_factory=dict)
    ultrasound: dict[str, Picture] = field(default_factory=dict)
    from_files: tuple[str, ...] = ()
    unreadable: int = 0


def gather(folders: Sequence[Path], ready: Material, progress: Progress | None = None) -> Strangers:
    """Real pictures from the files below `folders` by their modality, scikit-learn's photographs, and drawn ones."""
    found = Strangers()
    paths = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    for done, path in enumerate(paths, start=1):
        try:
            picture = read_picture(path)
        except PictureError:
            found.unreadable += 1
        else:
            if picture.modality == "US":
                found.ultrasound[path.name] = picture.pixels
            else:
                kind = f"DICOM, modality {picture.modality or 'not given'}" if picture.format == "dicom" else "pictures"
                found.kinds.setdefault(kind, []).append(picture.pixels)
        if progress is not None:
            progress(done, len(paths))
    found.from_files = tuple(found.kinds)
    found.kinds["photographs in colour (crops)"] = photographs(coloured=True)
    found.kinds["photographs in grey (crops)"] = photographs(coloured=False)
    dark = ready.pictures.pictures[:: max(1, len(ready.groups) // DRAWN_PER_KIND)]
    found.kinds["ultrasound, nearly black"] = [(picture * DARK).astype(np.uint8) for picture in dark]
    rng = np.random.default_rng(DRAWN_SEED)
    for name, draw in KINDS.items():
        found.kinds[f"drawn: {name}"] = [draw(rng, 256) for _ in range(DRAWN_PER_KIND)]
    return found


def photographs(*, coloured: bool) -> list[Picture]:
    """Crops of several sizes of scikit-learn's two sample photographs."""
    rng = np.random.default_rng(DRAWN_SEED)
    crops = []
    for photograph in load_sample_images().images:
        height, width = photograph.shape[:2]
        for _ in range(CROPS):
            side = int(rng.integers(160, height))
            top, left = int(rng.integers(0, height - side + 1)), int(rng.integers(0, width - side + 1))
            crop = np.ascontiguousarray(photograph[top : top + side, left : left + side])
            crops.append(crop if coloured else np.asarray(Image.fromarray(crop).convert("L")))
    return crops
