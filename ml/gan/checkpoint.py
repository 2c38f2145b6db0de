"""Checkpoints of a training: one safetensors file with everything that the next step depends on. No pickle.

Networks, optimisers, torch's random states, the best weights so far and the running sums are tensors; the plan, the
step and the optimisers' settings are JSON in the file's metadata. A digest over it all tells a damaged file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialise
from torch import Tensor

from ml.artifacts import write_whole
from ml.gan.architectures import Learner

CHECKPOINT = "checkpoint.safetensors"
VERSION = 1


class CheckpointError(ValueError):
    """A checkpoint is damaged, or of another run."""


@dataclass
class Checkpoint:
    """A training's state between two steps.

    Attributes:
        step: steps done.
        tensors: by name, on the CPU.
        told: what JSON holds: the plan, the pictures' hash, the optimisers' settings, the loop's own figures.
    """

    step: int
    tensors: dict[str, Tensor]
    told: dict[str, Any]


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write `folder`'s checkpoint; the one before stays until the new one is whole."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in checkpoint.tensors.items()}
    told = json.dumps({"version": VERSION, "step": checkpoint.step, **checkpoint.told}, allow_nan=False)
    metadata = {"told": told, "digest": _digest(tensors, told)}
    write_whole(folder / CHECKPOINT, serialise(tensors, metadata=metadata))


def load_checkpoint(folder: Path) -> Checkpoint | None:
    """The folder's checkpoint, or None where there is none.

    Raises:
        CheckpointError: when it is damaged or of another version.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            metadata = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: the checkpoint is damaged ({error}); delete it to train afresh") from error
    told = metadata.get("told", "")
    if metadata.get("digest") != _digest(tensors, told):
        raise CheckpointError(f"{path}: the checkpoint is damaged (its digest differs); delete it to train afresh")
    read = json.loads(told)
    if read.pop("version") != VERSION:
        raise CheckpointError(f"{path}: a checkpoint of another version of this software; delete it to train afresh")
    return Checkpoint(read.pop("step"), tensors, read)


def _digest(tensors: Mapping[str, Tensor], told: str) -> str:
    digest = hashlib.sha256(told.encode())
    for name in sorted(tensors):
        value = tensors[name]
        digest.update(f"\0{name}\0{value.dtype}\0{tuple(value.shape)}\0".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def learner_tensors(learner: Learner) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """A learner's tensors, and its optimisers' settings for JSON."""
    tensors: dict[str, Tensor] = {f"state.{name}": value for name, value in learner.state().items()}
    for name, network in learner.networks.items():
        tensors |= {f"network.{name}.{key}": value for key, value in network.state_dict().items()}
    settings: dict[str, Any] = {}
    for name, optimiser in learner.optimisers.items():
        told = optimiser.state_dict()
        for place, values in told["state"].items():
            tensors |= {f"optimiser.{name}.{place}.{key}": torch.as_tensor(value) for key, value in values.items()}
        settings[name] = [
            {key: value for key, value in group.items() if isinstance(value, int | float | list | tuple | bool)}
            for group in told["param_groups"]
        ]
    return tensors, settings


def restore_learner(learner: Learner, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> None:
    """Give a fresh learner the state that `learner_tensors` took."""
    learner.restore(_under(tensors, "state."))
    for name, network in learner.networks.items():
        network.load_state_dict(_under(tensors, f"network.{name}."))
    for name, optimiser in learner.optimisers.items():
        _restore_optimiser(optimiser, _under(tensors, f"optimiser.{name}."), settings[name])


def _restore_optimiser(
    optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor], settings: list[dict[str, Any]]
) -> None:
    """Moments get their parameters' memory layout: a fused step walks both in storage order."""
    told = optimiser.state_dict()
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        place, _, key = name.partition(".")
        like = parameters[int(place)]
        if value.shape == like.shape and value.dim():
            value = torch.empty_like(like, dtype=value.dtype).copy_(value)  # noqa: PLW2901
        state.setdefault(int(place), {})[key] = value
    groups = [{**fresh, **saved} for fresh, saved in zip(told["param_groups"], settings, strict=True)]
    optimiser.load_state_dict({"state": state, "param_groups": groups})


def random_states(kind: str) -> dict[str, Tensor]:
    """Torch's random states: the CPU's, and the GPU's where training runs on one."""
    states = {"random.cpu": torch.get_rng_state()}
    if kind == "cuda":
        states["random.cuda"] = torch.cuda.get_rng_state()
    return states


def restore_random_states(tensors: Mapping[str, Tensor], kind: str) -> None:
    """Go on with the random numbers where the checkpoint was taken."""
    torch.set_rng_state(tensors["random.cpu"])
    if kind == "cuda" and "random.cuda" in tensors:
        torch.cuda.set_rng_state(tensors["random.cuda"])


def _under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
