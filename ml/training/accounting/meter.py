"""Measures what this process takes while a block runs."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

import psutil

from ml.training.accounting.energy import EnergyMeter
from ml.training.accounting.gpu import Gpu, GpuReading
from ml.training.accounting.usage import Usage

SECONDS_BETWEEN = 0.5
_LOOPBACK = "lo"


class Meter:
    """`with Meter() as meter: …`, and `meter.usage` afterwards, also when the block raised.

    Memory and GPU are read twice a second, so a shorter peak may be missed.
    """

    usage: Usage

    def __enter__(self) -> Self:
        self._process = psutil.Process()
        self._gpu = Gpu.first()
        self._readings: list[GpuReading] = []
        self._peak = 0
        self._energy = EnergyMeter()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="meter", daemon=True)
        self._energy.start()
        self._sent, self._cpu, self._started = _sent(), self._cpu_seconds(), time.monotonic()
        self._look()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        wall, cpu, sent = time.monotonic() - self._started, self._cpu_seconds() - self._cpu, _sent() - self._sent
        self._over.set()
        self._thread.join()
        self._look()
        readings = self._readings
        self.usage = Usage(
            wall_seconds=wall,
            cpu_seconds=cpu,
            peak_memory=self._peak,
            network_sent=sent,
            energy_kwh=self._energy.stop(),
            energy_source=self._energy.source,
            gpu_percent=sum(reading.percent for reading in readings) / len(readings) if readings else None,
            gpu_memory=max(reading.memory for reading in readings) if readings else None,
        )

    def _watch(self) -> None:
        while not self._over.wait(SECONDS_BETWEEN):
            self._look()

    def _look(self) -> None:
        self._peak = max(self._peak, self._process.memory_info().rss)
        reading = None if self._gpu is None else self._gpu.read()
        if reading is not None:
            self._readings.append(reading)

    def _cpu_seconds(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)


def _sent() -> int:
    """Bytes sent since the machine started, but for those that stayed in it."""
    cards = psutil.net_io_counters(pernic=True)
    return sum(card.bytes_sent for name, card in cards.items() if name != _LOOPBACK)
