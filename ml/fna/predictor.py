"""Answers for rows of measurements from a shipped or trained model, replayable bit for bit.

Matrix libraries may round differently for different batch shapes. So every computation works on tiles of one
fixed shape, on one thread: a row's answer depends on its values and on its slot in the tile, and on no other
row. The slot is part of the answer, and `replay` puts the row back there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from ml.artifacts import Artifact, ArtifactError, load_artifact
from ml.fna.answers import (
    FnaPrediction,
    Status,
    novelty_remarks,
    refusal_reason,
    remark,
    uncertain_reason,
)
from ml.fna.digest import input_sha256
from ml.fna.ensemble import read_networks
from ml.fna.explanation import Explainer
from ml.fna.features import FEATURE_NAMES, LABELS
from ml.fna.model_file import from_tensors
from ml.fna.neighbours import Neighbour, NeighbourSearch
from ml.fna.novelty import READINGS
from ml.fna.reference import reference_cases
from ml.fna.schema import Finding, check_matrix
from ml.one_thread import single_threaded

SHIPPED_WEIGHTS = Path(__file__).parent / "weights" / "autoencoder_gan.safetensors"
TILE = 32
NEIGHBOURS = 5
SHOWN_FEATURES = ("radius_mean", "texture_mean", "concavity_mean", "radius_worst", "concave_points_worst")


@dataclass(frozen=True)
class _TileReading:
    """Everything computed for the `TILE` rows of a tile."""

    log_odds: NDArray[np.float64]
    probability: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    labels: NDArray[np.bool_]
    readings: NDArray[np.float64]
    residuals: NDArray[np.float64]
    contributions: NDArray[np.float64]
    neighbours: list[list[Neighbour]]
    findings: list[list[Finding]]


class FnaPredictor:
    """A loaded model. Build it with `load`; it may be shared between threads.

    Attributes:
        card: the model card.
        weights_sha256: SHA-256 of the weights' file.
        preprocessing_version: names the arithmetic of the preprocessing.
        threshold: calibrated probability from which the decision is malignant.
        baseline_log_odds: calibrated log-odds that contributions start from.
    """

    def __init__(self, artifact: Artifact) -> None:
        reference = reference_cases()
        if artifact.metadata.get("training_data_sha256") != reference.sha256:
            raise ArtifactError(
                "the model was trained on other cases than this scikit-learn's load_breast_cancer: "
                "neighbours would be wrong. Rebuild it with `python -m ml train fna`."
            )
        self.card = artifact.card
        self.weights_sha256 = artifact.sha256
        self._ensemble = from_tensors(artifact.tensors, artifact.metadata)
        self.preprocessing_version = self._ensemble.preprocessor.preprocessing_version
        self.threshold = float(artifact.tensors["decision_threshold"])
        self._reference = reference
        self._training_digests = frozenset(input_sha256(row) for row in reference.X)
        with single_threaded():
            scaled = torch.from_numpy(self._ensemble.preprocessor.scale(reference.X)).float()
            means = [scaled[torch.from_numpy(reference.y == label)].mean(dim=0) for label in (0, 1)]
            self._explainer = Explainer(
                self._ensemble.network,
                (means[0] + means[1]) / 2.0,
                self._ensemble.calibration,
                len(FEATURE_NAMES),
            )
            self._search = NeighbourSearch(self._ensemble.read(reference.X).latent)
        self.baseline_log_odds = self._explainer.baseline_log_odds

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Load the weights at `path`, or the shipped ones.

        Raises:
            ArtifactError: when files are missing, damaged, don't match, or come from other training cases.
        """
        return cls(load_artifact(path or SHIPPED_WEIGHTS))

    def predict(self, X: ArrayLike, *, progress: Callable[[int, int], None] | None = None) -> list[FnaPrediction]:
        """Answer each row of `X` (n, 30; columns as FEATURE_NAMES).

        Args:
            X: complete rows.
            progress: called as `progress(done, total)` in rows.

        Raises:
            ValueError: for another shape, or a missing or infinite value.
        """
        rows = _checked(X)
        answers: list[FnaPrediction] = []
        for start in range(0, len(rows), TILE):
            tile = rows[start : start + TILE]
            padded = np.zeros((TILE, len(FEATURE_NAMES)))
            padded[: len(tile)] = tile
            reading = self._read(padded)
            answers += [self._answer(padded, reading, slot) for slot in range(len(tile))]
            if progress is not None:
                progress(len(answers), len(rows))
        return answers

    def replay(self, x: ArrayLike, tile_slot: int) -> FnaPrediction:
        """The same answer, bit for bit, that `predict` gave for row `x` (30,) in `tile_slot` on this build.

        Raises:
            ValueError: for a slot outside the tile, or a bad row.
        """
        if not 0 <= tile_slot < TILE:
            raise ValueError(f"tile_slot must lie between 0 and {TILE - 1}; got {tile_slot}")
        padded = np.zeros((TILE, len(FEATURE_NAMES)))
        padded[tile_slot] = _checked(np.asarray(x, dtype=np.float64)[None])[0]
        return self._answer(padded, self._read(padded), tile_slot)

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

    def _read(self, tile: NDArray[np.float64]) -> _TileReading:
        ensemble = self._ensemble
        with single_threaded():
            scaled = torch.from_numpy(ensemble.preprocessor.scale(tile).astype(np.float32))
            reading = read_networks(ensemble.network, scaled.expand(ensemble.network.members, -1, -1))
            log_odds = reading.log_odds.mean(axis=0)
            probability = ensemble.calibration.probability(log_odds)
            low, high = ensemble.calibration.interval(reading.log_odds)
            residuals = ensemble.residuals(tile)
            return _TileReading(
                log_odds=log_odds,
                probability=probability,
                low=low,
                high=high,
                labels=ensemble.conformal.contains(probability, self.threshold),
                readings=ensemble.novelty_readings(reading, residuals),
                residuals=residuals,
                contributions=self._explainer.contributions(scaled),
                neighbours=self._search.nearest(reading.latent, NEIGHBOURS),
                findings=check_matrix(tile),
            )

    def _answer(self, tile: NDArray[np.float64], reading: _TileReading, slot: int) -> FnaPrediction:
        novelty = self._ensemble.novelty
        readings = reading.readings[slot]
        score = float(novelty.score(readings[None])[0])
        findings = reading.findings[slot]
        errors = [remark(finding) for finding in findings if finding.severity == "error"]
        unlike = novelty_remarks(
            (readings - novelty.median) / novelty.spread, reading.residuals[slot], novelty.threshold
        )
        warnings = [remark(finding) for finding in findings if finding.severity == "warning"]
        status, reason = self._status(reading, slot, errors + unlike)
        refused = status == "refused"
        probability = float(reading.probability[slot])
        labels = tuple(label for label, held in zip(LABELS, reading.labels[slot], strict=True) if held)
        return FnaPrediction(
            status=status,
            score=float(expit(reading.log_odds[slot])),
            probability_malignant=None if refused else probability,
            interval=None if refused else (float(reading.low[slot]), float(reading.high[slot])),
            threshold=self.threshold,
            prediction_set=() if refused else labels,
            reason=reason,
            reasons=errors + unlike + warnings,
            novelty={
                "score": score,
                "threshold": novelty.threshold,
                **{name: float(value) for name, value in zip(READINGS, readings, strict=True)},
            },
            contributions={}
            if refused
            else dict(zip(FEATURE_NAMES, reading.contributions[slot].tolist(), strict=True)),
            neighbours=[] if refused else [self._neighbour(found) for found in reading.neighbours[slot]],
            seen_in_training=input_sha256(tile[slot]) in self._training_digests,
            tile_slot=slot,
        )

    def _status(self, reading: _TileReading, slot: int, objections: list[dict[str, Any]]) -> tuple[Status, str]:
        if objections:
            return "refused", refusal_reason(objections)
        if reading.labels[slot].all():
            probability = float(reading.probability[slot])
            return "uncertain", uncertain_reason(probability, self._ensemble.conformal.coverage)
        return "scored", ""

    def _neighbour(self, found: Neighbour) -> dict[str, Any]:
        values = dict(zip(FEATURE_NAMES, self._reference.X[found.index].tolist(), strict=True))
        return {
            "index": found.index,
            "distance": found.distance,
            "outcome": LABELS[self._reference.y[found.index]],
            "features": {name: values[name] for name in SHOWN_FEATURES},
        }


def _checked(X: ArrayLike) -> NDArray[np.float64]:
    rows = np.asarray(X, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] != len(FEATURE_NAMES):
        raise ValueError(f"expected rows of {len(FEATURE_NAMES)} measurements, got an array of shape {rows.shape}")
    bad = np.argwhere(~np.isfinite(rows))
    if len(bad):
        row, column = bad[0]
        raise ValueError(f"row {row} (counted from 0): {FEATURE_NAMES[column]} is missing or infinite; give a number")
    return rows
