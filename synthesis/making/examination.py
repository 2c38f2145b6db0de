"""What the gate finds about a set, and what people are shown of it."""

import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from jobs.services import ClaimedJob
from ml.fna.features import FEATURE_NAMES, LABELS
from ml.gan.generator_file import TrainedGenerator
from ml.gan.pictures import LabelledPictures
from ml.gan.tabular.generator import ConditionalTabularGAN
from ml.metrics.privacy.gallery import nearest_real_gallery
from ml.release.gate import Verdict, judge
from ml.release.passport import Passport
from ml.release.pictures import examine_images
from ml.release.tables import Sampler, examine_tables
from synthesis.making import pictures, tables
from synthesis.making.progress import EXAMINING, reporter
from synthesis.making.provenance import provenance_of
from synthesis.models import SyntheticSet

SUMMARISED = ("radius_mean", "texture_mean", "concavity_mean")
BINS = 20
IN_GALLERY = 12


@dataclass(frozen=True)
class Examined:
    """A set's passport, the gate's verdict, and what the pages show: see `SyntheticSet` for their form."""

    passport: Passport
    verdict: Verdict
    gallery: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, dict[str, list[float]]] = field(default_factory=dict)


def examine_table(
    job: ClaimedJob,
    synthetic_set: SyntheticSet,
    generator: ConditionalTabularGAN,
    division: tables.Division,
    synthetic: tables.Table,
) -> Examined:
    """Compares a table with the rows that were learnt from and those that were held out."""
    X, y = synthetic

    def refit(X: NDArray[np.float64], y: NDArray[np.int64], seed: int) -> Sampler:
        return tables.fitted(synthetic_set, X, y, seed).sample

    passport = examine_tables(
        division.train,
        division.holdout,
        synthetic,
        provenance=provenance_of(synthetic_set, weights_sha256=generator.sha256 or "", privacy=generator.privacy_),
        refit=refit,
        seed=synthetic_set.seed,
        progress=reporter(job, EXAMINING, "Examining privacy: {done:,} of {total:,}"),
    )
    return Examined(passport, judge(passport), summary=summary_of(X, y))


def examine_pictures(
    job: ClaimedJob, synthetic_set: SyntheticSet, generator: TrainedGenerator, division: pictures.Division
) -> Examined:
    """Compares pictures with those that were learnt from and those that were held out."""
    synthetic = pictures.stored_pictures(synthetic_set)
    passport = examine_images(
        division.train,
        division.holdout,
        synthetic,
        provenance=provenance_of(
            synthetic_set,
            weights_sha256=generator.sha256,
            privacy=generator.card.get("privacy"),
            derived_from_patients=generator.derived_from_patients,
        ),
        seed=synthetic_set.seed,
        progress=reporter(job, EXAMINING, "Examining privacy: {done:,} of {total:,}"),
    )
    return Examined(passport, judge(passport), gallery=kept_gallery(synthetic_set, division, synthetic))


def summary_of(X: NDArray[np.float64], y: NDArray[np.int64]) -> dict[str, dict[str, list[float]]]:
    """How a few measurements of a table (n, 30) are spread in each class."""
    spread = {}
    for name in SUMMARISED:
        values = X[:, FEATURE_NAMES.index(name)]
        edges = np.histogram_bin_edges(values, BINS)
        classes = {label: np.histogram(values[y == code], edges)[0].tolist() for code, label in enumerate(LABELS)}
        spread[name] = {"edges": edges.tolist(), **classes}
    return spread


def kept_gallery(
    synthetic_set: SyntheticSet, division: pictures.Division, synthetic: LabelledPictures
) -> list[dict[str, Any]]:
    """The synthetic pictures most like a real one, beside it, stored as PNG."""
    train, holdout = division.train, division.holdout
    pairs = nearest_real_gallery(train.pixels, train.groups, holdout.pixels, synthetic.pixels, IN_GALLERY)
    return [
        {
            "class": synthetic.classes[int(synthetic.labels[pair.synthetic])],
            "distance": pair.distance,
            "holdout_distance": pair.holdout_distance,
            "synthetic": _kept(synthetic_set, f"{rank}-synthetic", synthetic.pixels[pair.synthetic]),
            "real": _kept(synthetic_set, f"{rank}-real", train.pixels[pair.real]),
        }
        for rank, pair in enumerate(pairs)
    ]


def _kept(synthetic_set: SyntheticSet, name: str, pixels: Tensor) -> str:
    data = io.BytesIO()
    Image.fromarray(pixels[0].numpy()).save(data, format="PNG")
    return storages["phi"].save(f"{synthetic_set.folder}/gallery/{name}.png", ContentFile(data.getvalue()))
