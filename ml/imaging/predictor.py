"""Answers for pictures from a shipped or trained model, replayable bit for bit.

Convolutions may round differently for different batch shapes. So every computation works on tiles of one fixed shape,
on one thread: a picture's answer depends on its pixels and on its slot in the tile, and on no other picture. The slot
is part of the answer, and `replay` puts the picture back there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit

from ml.artifacts import Artifact, ArtifactError, load_artifact
from ml.imaging.answers import (
    LABELS,
    ImagePrediction,
    Remark,
    novelty_remark,
    refused,
    uncertain_reason,
)
from ml.imaging.duplicates import SAME_PICTURE_BITS, distance_to_nearest, fingerprints
from ml.imaging.ensemble import Readings
from ml.imaging.evidence import spread_over
from ml.imaging.model_file import from_tensors
from ml.imaging.novelty import READINGS
from ml.imaging.plain_faults import plain_faults
from ml.imaging.preprocessing import PREPROCESSING_VERSION, content_box, grey
from ml.imaging.views import make_views
from ml.one_thread import single_threaded

WEIGHTS_FOLDER = Path(__file__).parent / "weights"
SHIPPED_WEIGHTS = WEIGHTS_FOLDER / "ultrasound_autoencoder_gan.safetensors"
SHIPPED_MODALITY = "US"
TILE = 8

_EMPTY = np.zeros((2, 2), dtype=np.uint8)  # in the slots of a tile that hold no picture
Picture = NDArray[np.uint8]
Progress = Callable[[int, int], None]


class NoModelError(ArtifactError):
    """No validated model for this modality is installed."""


class ImagePredictor:
    """A loaded model. Build it with `load`; it may be shared between threads.

    Attributes:
        card: the model card.
        weights_sha256: SHA-256 of the weights' file.
        preprocessing_version: names the arithmetic of the preprocessing.
        threshold: calibrated probability from which the decision is malignant.
        modality: of the pictures that it reads, as DICOM writes it.
    """

    def __init__(self, artifact: Artifact) -> None:
        if artifact.metadata.get("preprocessing") != PREPROCESSING_VERSION:
            raise ArtifactError(
                f"the model was trained with the preprocessing {artifact.metadata.get('preprocessing')!r}; this "
                f"release has {PREPROCESSING_VERSION!r}. Train it again with `python -m ml train image`."
            )
        self.card = artifact.card
        self.weights_sha256 = artifact.sha256
        self.preprocessing_version = PREPROCESSING_VERSION
        self.threshold = float(artifact.tensors["decision_threshold"])
        self.modality = artifact.metadata["modality"]
        self._evidence_scale = float(artifact.tensors["evidence_scale"])
        try:
            self._ensemble = from_tensors(artifact.tensors, artifact.metadata)
        except (KeyError, RuntimeError, TypeError) as error:
            raise ArtifactError(f"the weights are not those of an image classifier ({error})") from error

    @classmethod
    def load(cls, path: Path | None = None, modality: str = "US") -> Self:
        """Load the weights at `path`, or the shipped ones of the modality.

        Raises:
            NoModelError: when none are shipped for the modality.
            ArtifactError: when files are missing, damaged, or don't match.
        """
        if path is None:
            if modality != SHIPPED_MODALITY:
                raise NoModelError(no_model(modality))
            path = SHIPPED_WEIGHTS
        return cls(load_artifact(path))

    def predict(self, images: Sequence[Picture], *, progress: Progress | None = None) -> list[ImagePrediction]:
        """Answer pictures, each (h, w) or (h, w, 3) uint8 display pixels of any size.

        Args:
            images: the pictures.
            progress: called as `progress(done, total)` in pictures.

        Raises:
            ValueError: for another shape or type of pixels.
        """
        answers: list[ImagePrediction] = []
        for start in range(0, len(images), TILE):
            answers += self._answer_tile(dict(enumerate(images[start : start + TILE])))
            if progress is not None:
                progress(len(answers), len(images))
        return answers

    def replay(self, image: Picture, tile_slot: int) -> ImagePrediction:
        """The same answer, bit for bit, that `predict` gave for this picture in `tile_slot` on this build.

        Raises:
            ValueError: for a slot outside the tile, or a bad picture.
        """
        if not 0 <= tile_slot < TILE:
            raise ValueError(f"tile_slot must lie between 0 and {TILE - 1}; got {tile_slot}")
        return self._answer_tile({tile_slot: image})[0]

    def provenance(self) -> dict[str, Any]:
        """What else, beside weights and input, the bits of an answer depend on."""
        return {
            "torch": torch.__version__,
            "numpy": np.__version__,
            "cpu_capability": torch.backends.cpu.get_cpu_capability(),
            "threads": 1,
            "dtype": "float32",
            "tile": TILE,
        }

    def _answer_tile(self, images: dict[int, Picture]) -> list[ImagePrediction]:
        """Answer the pictures of a tile, by slot."""
        faults = {slot: plain_faults(_checked(image)) for slot, image in images.items()}
        tile = [images.get(slot, _EMPTY) for slot in range(TILE)]
        with single_threaded():
            views = make_views(tile, self._ensemble.canvas_side, self._ensemble.finder)
            readings = self._ensemble.read(views)
            novelty = self._ensemble.novelty_readings(readings, views)
            known = distance_to_nearest(fingerprints(views.whole), self._ensemble.fingerprints) <= SAME_PICTURE_BITS
        return [
            self._answer(image, slot, readings, novelty[slot], faults=faults[slot], seen=bool(known[slot]))
            for slot, image in images.items()
        ]

    def _answer(
        self,
        image: Picture,
        slot: int,
        readings: Readings,
        novelty: NDArray[np.float64],
        *,
        faults: list[Remark],
        seen: bool,
    ) -> ImagePrediction:
        ensemble = self._ensemble
        members = readings.log_odds[:, slot : slot + 1]
        log_odds = members.mean(axis=0)
        score = float(expit(log_odds[0]))
        scaled = dict(zip(READINGS, ensemble.novelty.scaled(novelty[None])[0].tolist(), strict=True))
        found = {
            "score": max(scaled.values()),
            "threshold": ensemble.novelty.threshold,
            "readings": dict(zip(READINGS, novelty.tolist(), strict=True)),
        }
        unlike = novelty_remark(scaled, ensemble.novelty.threshold, self.modality)
        objections = faults or ([unlike] if unlike else [])
        if objections:
            return refused(objections, score, self.threshold, novelty=found, seen=seen, slot=slot)
        probability = ensemble.calibration.probability(log_odds)
        low, high = ensemble.calibration.interval(members)
        held = ensemble.conformal.contains(probability, self.threshold)[0]
        uncertain = bool(held.all())
        luma = grey(image)
        return ImagePrediction(
            status="uncertain" if uncertain else "scored",
            score=score,
            probability_malignant=float(probability[0]),
            interval=(float(low[0]), float(high[0])),
            threshold=self.threshold,
            prediction_set=tuple(label for label, inside in zip(LABELS, held, strict=True) if inside),
            reason=uncertain_reason(float(probability[0]), ensemble.conformal.coverage) if uncertain else "",
            reasons=[],
            novelty=found,
            evidence=spread_over(
                readings.evidence[:, slot].mean(axis=0), content_box(luma), luma.shape, self._evidence_scale
            ),
            seen_in_training=seen,
            tile_slot=slot,
        )


def no_model(modality: str) -> str:
    """What is said where no model reads a modality."""
    return f"No validated model for this modality ({modality or 'not stated'}) is installed."


def _checked(image: Picture) -> Picture:
    grey(image)  # raises for what is no picture
    return image
