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
from ml.fna.ensemble import FittedEnsemble
from ml.fna.networks import AutoencoderGAN, NetworkShape
from ml.fna.novelty import Misfit, NoveltyScale
from ml.fna.preprocessing import FnaPreprocessor

NETWORK_PREFIX = "network."
_SCALES = ("center_", "scale_", "lambdas_", "bent_center_", "bent_scale_")


def to_tensors(ensemble: FittedEnsemble) -> dict[str, Tensor]:
    """Every number that an answer depends on; networks in half precision, which they are rounded to."""
    arrays: dict[str, NDArray[np.float64]] = {
        f"preprocessor.{name}": getattr(ensemble.preprocessor, name)
        for name in _SCALES
        if hasattr(ensemble.preprocessor, name)
    }
    arrays["preprocessor.clip"] = np.array(ensemble.preprocessor.clip)
    arrays["calibration"] = np.array(list(asdict(ensemble.calibration).values()))
    arrays["conformal"] = np.array(list(asdict(ensemble.conformal).values()))
    arrays["misfit.precision"] = ensemble.misfit.precision
    arrays["novelty.median"] = ensemble.novelty.median
    arrays["novelty.spread"] = ensemble.novelty.spread
    arrays["novelty.threshold"] = np.array(ensemble.novelty.threshold)
    tensors = {name: torch.from_numpy(np.array(array, dtype=np.float64)) for name, array in arrays.items()}
    for name, parameter in ensemble.network.state_dict().items():
        tensors[NETWORK_PREFIX + name] = parameter.half().contiguous()
    return tensors


def to_metadata(ensemble: FittedEnsemble) -> dict[str, str]:
    """The shape and method that give the tensors their meaning."""
    return {
        "preprocessing": ensemble.preprocessor.method,
        "members": str(ensemble.network.members),
        "shape": json.dumps(asdict(ensemble.network.shape)),
    }


def from_tensors(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> FittedEnsemble:
    """The ensemble that `to_tensors` and `to_metadata` described.

    Raises:
        KeyError: when a tensor or an entry is missing.
    """
    arrays = {name: value.numpy() for name, value in tensors.items() if not name.startswith(NETWORK_PREFIX)}
    preprocessor = FnaPreprocessor(metadata["preprocessing"], float(arrays["preprocessor.clip"]))  # type: ignore[arg-type]
    for name in _SCALES:
        if f"preprocessor.{name}" in arrays:
            setattr(preprocessor, name, arrays[f"preprocessor.{name}"])
    preprocessor.n_features_in_ = len(arrays["preprocessor.center_"])
    network = AutoencoderGAN(int(metadata["members"]), NetworkShape(**json.loads(metadata["shape"])))
    network.load_state_dict(
        {
            name.removeprefix(NETWORK_PREFIX): value.float()
            for name, value in tensors.items()
            if name.startswith(NETWORK_PREFIX)
        }
    )
    return FittedEnsemble(
        preprocessor=preprocessor,
        network=network.requires_grad_(False),
        calibration=LogisticCalibration(*(float(value) for value in arrays["calibration"])),
        conformal=ConformalSets(*(float(value) for value in arrays["conformal"])),
        misfit=Misfit(arrays["misfit.precision"]),
        novelty=NoveltyScale(arrays["novelty.median"], arrays["novelty.spread"], float(arrays["novelty.threshold"])),
    )
