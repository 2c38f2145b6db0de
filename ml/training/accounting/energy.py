"""Energy through codecarbon, without any network: no country is looked up, and no emissions are told."""

from __future__ import annotations

import logging

from codecarbon import OfflineEmissionsTracker
from codecarbon.core.cpu import is_powergadget_available, is_rapl_available

PLACE = "USA"  # codecarbon wants one for emissions, which are not used
SECONDS_BETWEEN = 5


class EnergyMeter:
    """Counts from `start` to `stop`.

    codecarbon reads the processor's counters (RAPL) and the GPU's (NVML) where there are any. Elsewhere, on most
    rented machines, it multiplies the processor's rated power by the process's share of its load.
    """

    def __init__(self) -> None:
        logging.getLogger("codecarbon").setLevel(logging.CRITICAL)  # it speaks before it reads its log_level
        self._tracker = OfflineEmissionsTracker(
            country_iso_code=PLACE,
            output_methods=[],
            log_level="critical",
            measure_power_secs=SECONDS_BETWEEN,
            tracking_mode="process",
            allow_multiple_runs=True,
        )

    @property
    def source(self) -> str:
        """Where the processor's figures come from: counters, or estimated."""
        return "counters" if is_rapl_available() or is_powergadget_available() else "estimated"

    def start(self) -> None:
        """Begin."""
        self._tracker.start()

    def stop(self) -> float | None:
        """The energy since `start`, in kWh; None where codecarbon failed, which it does in silence."""
        self._tracker.stop()
        data = getattr(self._tracker, "final_emissions_data", None)
        return None if data is None else float(data.energy_consumed)
