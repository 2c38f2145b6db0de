"""One choice of device for all networks: CPU, CUDA or MPS, with the precision and layout that suit it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TypeVar

import torch
from torch import nn

M = TypeVar("M", bound=nn.Module)
Kind = Literal["cpu", "cuda", "mps"]
KINDS: tuple[Kind, ...] = ("cuda", "mps", "cpu")  # the fastest first


@dataclass(frozen=True)
class Device:
    """Where and how networks run.

    Attributes:
        kind: the hardware.
        half: whether convolutions and products are done in bfloat16 (autocast) while training.
        compiled: whether networks are compiled before training.
    """

    kind: Kind
    half: bool
    compiled: bool

    @property
    def torch_device(self) -> torch.device:
        """As torch names it."""
        return torch.device(self.kind)

    def place(self, module: M) -> M:
        """Move a network there, its convolutions' weights with channels last, which all of them prefer."""
        return channels_last(module.to(self.torch_device))

    @contextmanager
    def autocast(self) -> Iterator[None]:
        """Mixed precision where `half` asks for it."""
        with torch.autocast(self.kind, torch.bfloat16, enabled=self.half):
            yield

    def optimiser(self, parameters: list[nn.Parameter], learning_rate: float, weight_decay: float) -> torch.optim.AdamW:
        """AdamW, fused where the device has it."""
        return torch.optim.AdamW(
            parameters, lr=learning_rate, betas=(0.9, 0.99), weight_decay=weight_decay, fused=self.kind != "mps"
        )

    def describe(self) -> str:
        """For reports."""
        name = torch.cuda.get_device_name() if self.kind == "cuda" else self.kind.upper()
        return f"{name}, {'bfloat16 autocast' if self.half else 'float32'}{', compiled' if self.compiled else ''}"


def channels_last(module: M) -> M:
    """The network with its convolutions' weights laid out channels last, which CPUs and GPUs multiply faster."""
    laid_out: M = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return laid_out


def choose_device(kind: Kind | None = None) -> Device:
    """The device asked for, or the best that torch reports: CUDA, then Apple's MPS, then the CPU.

    A CPU computes in bfloat16 only where its instructions make that faster (AVX-512 BF16 or AMX).

    Raises:
        ValueError: when the device asked for isn't there.
    """
    available: dict[Kind, bool] = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    chosen: Kind = kind if kind is not None else next(name for name in KINDS if available[name])
    if not available[chosen]:
        there = " and ".join(name for name in KINDS if available[name])
        raise ValueError(f"device {chosen}: torch finds none on this machine; there is {there}")
    if chosen == "cuda":
        return Device("cuda", half=torch.cuda.is_bf16_supported(), compiled=True)
    if chosen == "mps":
        return Device("mps", half=False, compiled=False)
    return Device("cpu", half=bool(torch.cpu._is_avx512_bf16_supported()), compiled=False)  # noqa: SLF001
