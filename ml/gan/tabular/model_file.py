"""A fitted tabular generator as named tensors and text, for `ml.artifacts`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ml.artifacts import Artifact, ArtifactError, load_artifact, save_artifact
from ml.gan.tabular.copula import Copula
from ml.gan.tabular.networks import Generator
from ml.gan.tabular.training import TrainingSettings

FORMAT = "fna-tabular-gan/1"
_NETWORK = "network."
_COPULA = ("knots", "roots", "smooth_shares")


@dataclass(frozen=True)
class Fitted:
    """All that sampling needs.

    Attributes:
        copula: both classes' distributions.
        network: what the game taught beyond them.
        counts: training rows by class; under privacy their noisy numbers.
        balance: how far samples are decorrelated (`ml.gan.tabular.balance`), or None to leave them as drawn.
        privacy: the privacy account, or None.
    """

    copula: Copula
    network: Generator
    counts: dict[int, int]
    balance: float | None
    privacy: dict[str, Any] | None = None


def save_fitted(path: Path, fitted: Fitted, settings: TrainingSettings, card: Mapping[str, Any]) -> str:
    """Write weights and card; returns the weights' SHA-256."""
    tensors = {_NETWORK + name: value.contiguous() for name, value in fitted.network.state_dict().items()}
    tensors |= {name: getattr(fitted.copula, name).contiguous() for name in _COPULA}
    counts = {str(label): count for label, count in fitted.counts.items()}
    metadata = {"format": FORMAT, "settings": json.dumps(asdict(settings)), "counts": json.dumps(counts)}
    metadata |= {"balance": json.dumps(fitted.balance), "privacy": json.dumps(fitted.privacy)}
    return save_artifact(path, tensors, metadata=metadata, card=card)


def load_fitted(path: Path) -> tuple[Fitted, TrainingSettings, Artifact]:
    """Read what `save_fitted` wrote.

    Raises:
        ArtifactError: when a file is missing, damaged, not the card's, or not of a tabular GAN.
    """
    artifact = load_artifact(path)
    if artifact.metadata.get("format") != FORMAT:
        raise ArtifactError(f"{path}: not the weights of a tabular GAN ({FORMAT})")
    tensors = artifact.tensors
    settings = TrainingSettings(**json.loads(artifact.metadata["settings"]))
    network = Generator(tensors["roots"].shape[1], settings.hidden).requires_grad_(False)
    network.load_state_dict(
        {name.removeprefix(_NETWORK): value for name, value in tensors.items() if name.startswith(_NETWORK)}
    )
    counts = {int(label): count for label, count in json.loads(artifact.metadata["counts"]).items()}
    copula = Copula(*(tensors[name] for name in _COPULA))
    balance, privacy = (json.loads(artifact.metadata[name]) for name in ("balance", "privacy"))
    return Fitted(copula, network, counts, balance, privacy), settings, artifact
