"""How many bytes a set takes when it is released."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

from ml.gan.generator_file import TrainedGenerator
from ml.gan.pictures import LabelledPictures
from ml.packaging import FolderSink, SetDescription, package_images
from ml.release.passport import Passport, Provenance


def packed_bytes(synthetic: LabelledPictures, generator: TrainedGenerator) -> int:
    """What a bucket receives when the set is released: packed as a release is, in a folder that is dropped."""
    passport = Passport(
        kind="image",
        provenance=Provenance(kind="image", architecture=generator.architecture, weights_sha256=generator.sha256),
        sizes={"synthetic": len(synthetic)},
        quality={},
        utility={},
        privacy={},
        notes=("Nothing was measured: the set is packed to learn its size.",),
    )
    description = SetDescription(
        identifier="benchmark",
        title="Benchmark set",
        version="1",
        description="Drawn to measure its size.",
        licence="CC0-1.0",
        citation="",
        creator="Benchmark",
        date=date(2000, 1, 1),
        kind="image",
        classes=synthetic.classes,
        counts=synthetic.counts,
        passport=passport.as_dict(),
        derived_from_patients=generator.derived_from_patients,
        visible_mark=False,
        source_words="Pictures of a benchmark.",
        url="https://example.org/",
    )
    with tempfile.TemporaryDirectory(prefix="lobule-package-") as folder:
        batches = [(synthetic.pixels, synthetic.labels)]
        return package_images(description, batches, FolderSink(Path(folder))).bytes
