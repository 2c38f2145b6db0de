"""Model files: weights as safetensors beside a model card in JSON, tied by SHA-256. Never pickle.

A model `name` is two files: `name.safetensors` (tensors and short text metadata) and `name.json` (the card).
The card's `weights` entry holds the file's name, size and SHA-256; loading refuses a pair that doesn't match.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialise
from torch import Tensor


class ArtifactError(ValueError):
    """A model file is missing, damaged, or not the one that its card describes."""


@dataclass(frozen=True)
class Artifact:
    """A verified model file."""

    tensors: dict[str, Tensor]
    metadata: dict[str, str]  # text stored inside the weights' file, so covered by its SHA-256
    card: dict[str, Any]
    sha256: str  # of the weights' file


def save_artifact(
    path: Path, tensors: Mapping[str, Tensor], *, metadata: Mapping[str, str], card: Mapping[str, Any]
) -> str:
    """Write `path` (ending in .safetensors) and the card beside it; each appears whole or not at all.

    Args:
        path: where the weights go.
        tensors: contiguous tensors by name.
        metadata: text kept inside the weights' file.
        card: the model card; its `weights` entry is filled in here.

    Returns:
        The weights' SHA-256, hexadecimal.

    Raises:
        ValueError: when `path` doesn't end in .safetensors.
    """
    if path.suffix != ".safetensors":
        raise ValueError(f"a model file's name must end in .safetensors; got {path.name!r}")
    data = serialise(dict(tensors), metadata=dict(metadata))
    sha256 = hashlib.sha256(data).hexdigest()
    described = {**card, "weights": {"file": path.name, "bytes": len(data), "sha256": sha256}}
    write_whole(path, data)
    text = json.dumps(described, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_whole(card_path(path), text.encode())
    return sha256


def load_artifact(path: Path) -> Artifact:
    """Read a model and its card, after checking the weights' SHA-256 against the card.

    Raises:
        ArtifactError: when a file is missing or damaged, or the weights are not those of the card.
    """
    card = _read_card(card_path(path))
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"{path}: the weights can't be read ({error.strerror})") from error
    expected = card.get("weights", {}).get("sha256")
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 != expected:
        raise ArtifactError(
            f"{path}: the weights are not those of the model card (SHA-256 {sha256}, the card says {expected})"
        )
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
            metadata = dict(file.metadata() or {})
    except SafetensorError as error:
        raise ArtifactError(f"{path}: not a readable safetensors file ({error})") from error
    return Artifact(tensors, metadata, card, sha256)


def card_path(path: Path) -> Path:
    """Where the card of the weights at `path` lies."""
    return path.with_suffix(".json")


def _read_card(path: Path) -> dict[str, Any]:
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ArtifactError(f"{path}: the model card can't be read ({error.strerror})") from error
    except ValueError as error:
        raise ArtifactError(f"{path}: the model card is not JSON ({error})") from error
    if not isinstance(card, dict):
        raise ArtifactError(f"{path}: the model card must be a JSON object")
    return card


def write_whole(path: Path, data: bytes) -> None:
    """Write beside the target, then rename over it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
