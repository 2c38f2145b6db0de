"""Loading the models that answer, or ever answered; each once per process, by the SHA-256 of its weights."""

from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from diagnosis.models import InstalledModel
from diagnosis.services.models.files import kept_files

if TYPE_CHECKING:
    from ml.fna.predictor import FnaPredictor
    from ml.imaging.predictor import ImagePredictor

    Loaded = TypeVar("Loaded", FnaPredictor, ImagePredictor)

FNA, US = "FNA", "US"


def predictor_for(model: InstalledModel) -> "FnaPredictor | ImagePredictor":
    """The predictor with the model's weights.

    Raises:
        ml.artifacts.ArtifactError: the kept files are damaged, or this release cannot read them any more.
        FileNotFoundError: the kept files are gone.
    """
    return fna_predictor(model.weights_sha256) if model.modality == FNA else image_predictor(model.weights_sha256)


@lru_cache(maxsize=4)
def fna_predictor(weights_sha256: str) -> "FnaPredictor":
    """The predictor with these weights, from this release or from those kept when they were installed.

    Raises:
        ml.artifacts.ArtifactError: the kept files are damaged, or this release cannot read them any more.
        FileNotFoundError: no such weights were ever installed here.
    """
    from ml.fna.predictor import FnaPredictor  # noqa: PLC0415 brings torch, which only workers need

    if shipped_fna_predictor().weights_sha256 == weights_sha256:
        return shipped_fna_predictor()
    with kept_files(weights_sha256) as weights:
        return _pinned(FnaPredictor.load(weights), weights_sha256)


@lru_cache(maxsize=4)
def image_predictor(weights_sha256: str) -> "ImagePredictor":
    """The predictor of images with these weights, from this release or from those kept when they were installed.

    Raises:
        ml.artifacts.ArtifactError: the kept files are damaged, or this release cannot read them any more.
        FileNotFoundError: no such weights were ever installed here.
    """
    from ml.imaging.predictor import ImagePredictor  # noqa: PLC0415 brings torch

    if shipped_us_predictor().weights_sha256 == weights_sha256:
        return shipped_us_predictor()
    with kept_files(weights_sha256) as weights:
        return _pinned(ImagePredictor.load(weights), weights_sha256)


@lru_cache(maxsize=1)
def shipped_fna_predictor() -> "FnaPredictor":
    """The predictor of FNA samples with the weights in this release; their checksum is verified."""
    from ml.fna.predictor import FnaPredictor  # noqa: PLC0415 brings torch

    return FnaPredictor.load(None)


@lru_cache(maxsize=1)
def shipped_us_predictor() -> "ImagePredictor":
    """The predictor of ultrasound images with the weights in this release; their checksum is verified."""
    from ml.imaging.predictor import ImagePredictor  # noqa: PLC0415 brings torch

    return ImagePredictor.load(None)


def _pinned(predictor: "Loaded", weights_sha256: str) -> "Loaded":
    """The predictor, if it has the weights that were asked for: a card that vouches for others does not count."""
    from ml.artifacts import ArtifactError  # noqa: PLC0415 brings torch

    if predictor.weights_sha256 != weights_sha256:
        raise ArtifactError(
            f"the kept weights have SHA-256 {predictor.weights_sha256}, not {weights_sha256}: someone exchanged them"
        )
    return predictor
