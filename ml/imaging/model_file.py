"""A fitted ensemble as named tensors and text, for `ml.artifacts`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.calibration import LogisticCalibration
from ml.conformal import ConformalSets
from ml.imaging.fitted import FittedEnsemble
from ml.imaging.networks import AutoencoderGAN, NetworkShape
from ml.imaging.novelty import Distance, KindBoundary, NoveltyScale
from ml.training.device import channels_last

NETWORK = "network."
FINDER = "finder."
UNUSED = ("generator.", "decoder.")  # parts of the finder that finding does without


def to_tensors(ensemble: FittedEnsemble) -> dict[str, Tensor]:
    """Every number that an answer depends on; networks in half precision, which they are rounded to.

    Generators, which no answer depends on, are left out.
    """
    arrays: dict[str, NDArray[np.float64]] = {
        "calibration": np.array(list(asdict(ensemble.calibration).values())),
        "conformal": np.array(list(asdict(ensemble.conformal).values())),
        "novelty.median": ensemble.novelty.median,
        "novelty.spread": ensemble.novelty.spread,
        "novelty.threshold": np.array(ensemble.novelty.threshold),
        "texture.centre": ensemble.texture.centre,
        "texture.precision": ensemble.texture.precision,
        "kind.centre": ensemble.kind.centre,
        "kind.scale": ensemble.kind.scale,
        "kind.weights": ensemble.kind.weights,
        "kind.bias": np.array(ensemble.kind.bias),
    }
    tensors = {name: torch.from_numpy(np.array(array, dtype=np.float64)) for name, array in arrays.items()}
    tensors["fingerprints"] = torch.from_numpy(ensemble.fingerprints.copy())
    for member, (network, distance) in enumerate(zip(ensemble.networks, ensemble.features, strict=True)):
        tensors[f"features.{member}.centre"] = torch.from_numpy(distance.centre.astype(np.float32))
        tensors[f"features.{member}.precision"] = torch.from_numpy(distance.precision.astype(np.float32))
        for name, value in network.state_dict().items():
            if not name.startswith("generator."):
                kept = value.half() if value.is_floating_point() else value
                tensors[f"{NETWORK}{member}.{name}"] = kept.contiguous()
    if ensemble.finder is not None:
        for name, value in ensemble.finder.state_dict().items():
            if not name.startswith(UNUSED):
                tensors[FINDER + name] = (value.half() if value.is_floating_point() else value).contiguous()
    return tensors


def to_metadata(ensemble: FittedEnsemble) -> dict[str, str]:
    """The shape that gives the tensors their meaning."""
    return {"looks": json.dumps(ensemble.looks), "shape": json.dumps(asdict(ensemble.networks[0].shape))}


def from_tensors(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> FittedEnsemble:
    """The ensemble that `to_tensors` and `to_metadata` described; its generators hold nothing.

    Raises:
        KeyError: when a tensor or an entry is missing.
    """
    arrays = {
        name: value.numpy().astype(np.float64)
        for name, value in tensors.items()
        if not name.startswith((NETWORK, FINDER)) and name != "fingerprints"
    }
    described = json.loads(metadata["shape"])
    shape = NetworkShape(**{**described, "widths": tuple(described["widths"])})
    looks = tuple(json.loads(metadata["looks"]))
    has_finder = any(name.startswith(FINDER) for name in tensors)
    return FittedEnsemble(
        networks=[_network(tensors, f"{NETWORK}{index}.", shape) for index in range(len(looks))],
        looks=looks,
        finder=_network(tensors, FINDER, shape) if has_finder else None,
        calibration=LogisticCalibration(*(float(value) for value in arrays["calibration"])),
        conformal=ConformalSets(*(float(value) for value in arrays["conformal"])),
        texture=Distance(arrays["texture.centre"], arrays["texture.precision"]),
        kind=KindBoundary(
            arrays["kind.centre"], arrays["kind.scale"], arrays["kind.weights"], float(arrays["kind.bias"])
        ),
        features=[
            Distance(arrays[f"features.{index}.centre"], arrays[f"features.{index}.precision"])
            for index in range(len(looks))
        ],
        novelty=NoveltyScale(arrays["novelty.median"], arrays["novelty.spread"], float(arrays["novelty.threshold"])),
        fingerprints=tensors["fingerprints"].numpy(),
    )


def _network(tensors: Mapping[str, Tensor], prefix: str, shape: NetworkShape) -> AutoencoderGAN:
    network = AutoencoderGAN(shape)
    state = {name: torch.zeros_like(value) for name, value in network.state_dict().items() if name.startswith(UNUSED)}
    for name, value in tensors.items():
        if name.startswith(prefix):
            state[name.removeprefix(prefix)] = value.float() if value.is_floating_point() else value
    network.load_state_dict(state)
    return channels_last(network.eval().requires_grad_(False))
