"""What a run has taken so far."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Usage:
    """Measured by `Meter`; usages of a run's parts add up.

    Attributes:
        wall_seconds: by the clock.
        cpu_seconds: of the process, all threads, user and system.
        peak_memory: largest resident set of the process, bytes.
        network_sent: bytes that the machine sent through its network cards, whoever sent them.
        energy_kwh: of processor, memory and GPU, see `energy_source`; None where it can't be told.
        energy_source: "counters" where the processor has some, else "estimated" from its load and rated power.
        gpu_percent: mean share of time that the GPU was busy; None without one.
        gpu_memory: largest use of the GPU's memory, bytes; None without one.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_memory: int
    network_sent: int
    energy_kwh: float | None
    energy_source: str
    gpu_percent: float | None = None
    gpu_memory: int | None = None

    @property
    def cpu_percent(self) -> float:
        """Of one processor: 100 is one kept busy all the time."""
        return 100.0 * self.cpu_seconds / self.wall_seconds if self.wall_seconds else 0.0

    def __add__(self, other: Usage) -> Usage:
        """Both, one after the other."""
        wall = self.wall_seconds + other.wall_seconds
        busy = [
            (part.gpu_percent, part.wall_seconds / wall if wall else 0.5)
            for part in (self, other)
            if part.gpu_percent is not None
        ]
        energies = (self.energy_kwh, other.energy_kwh)
        memories = [part.gpu_memory for part in (self, other) if part.gpu_memory is not None]
        return Usage(
            wall_seconds=wall,
            cpu_seconds=self.cpu_seconds + other.cpu_seconds,
            peak_memory=max(self.peak_memory, other.peak_memory),
            network_sent=self.network_sent + other.network_sent,
            energy_kwh=None if None in energies else sum(energy for energy in energies if energy is not None),
            energy_source=self.energy_source if self.energy_source == other.energy_source else "estimated",
            gpu_percent=sum(percent * share for percent, share in busy) if busy else None,
            gpu_memory=max(memories) if memories else None,
        )

    def as_dict(self) -> dict[str, Any]:
        """For JSON; `cpu_percent` too, for readers."""
        return {**asdict(self), "cpu_percent": self.cpu_percent}

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Usage:
        """What `as_dict` gave."""
        return cls(**{key: value for key, value in told.items() if key != "cpu_percent"})
