"""An NVIDIA GPU's load and memory, by NVML."""

from __future__ import annotations

from dataclasses import dataclass

import pynvml


@dataclass(frozen=True)
class GpuReading:
    """One moment."""

    percent: float  # of the last moments in which a kernel ran
    memory: int  # bytes in use, by whomever


class Gpu:
    """The first GPU that NVML finds; build it with `first`."""

    def __init__(self, handle: object) -> None:
        self._handle = handle

    @classmethod
    def first(cls) -> Gpu | None:
        """None where there is no NVIDIA driver or no GPU."""
        try:
            pynvml.nvmlInit()
            return cls(pynvml.nvmlDeviceGetHandleByIndex(0))
        except pynvml.NVMLError:
            return None

    def read(self) -> GpuReading | None:
        """Now; None where the driver doesn't tell."""
        try:
            percent = float(pynvml.nvmlDeviceGetUtilizationRates(self._handle).gpu)
            return GpuReading(percent, int(pynvml.nvmlDeviceGetMemoryInfo(self._handle).used))
        except pynvml.NVMLError:
            return None
