"""What a run costs under a price sheet: named, dated prices of rented machines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

EXAMPLE_SHEET = Path(__file__).with_name("prices.json")
TERMS = ("on demand", "reserved", "spot")
GIGABYTE = 1e9
LARGE_GPU_MEMORY = 40e9  # bytes; from here on a GPU is of the large class


class PriceSheetError(ValueError):
    """A price sheet can't be used; the text says which file and which entry."""


@dataclass(frozen=True)
class PriceSheet:
    """Prices, as the example sheet `prices.json` shows the form.

    Attributes:
        title: whose prices.
        date: as of.
        currency: of all of them.
        hours: price of an hour by machine class ("cpu", "gpu", "large gpu") and term (`TERMS`).
        machines: what each class is, in words.
        stored: of a gigabyte stored for a month.
        sent: of a gigabyte sent out.
    """

    title: str
    date: str
    currency: str
    hours: dict[str, dict[str, float]]
    machines: dict[str, str]
    stored: float
    sent: float

    @classmethod
    def load(cls, path: Path = EXAMPLE_SHEET) -> Self:
        """Read a sheet, by default the example.

        Raises:
            PriceSheetError: when the file can't be read, or an entry is missing or no price.
        """
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise PriceSheetError(f"{path}: the price sheet can't be read ({error.strerror})") from error
        except ValueError as error:
            raise PriceSheetError(f"{path}: the price sheet is not JSON ({error})") from error
        try:
            return cls(
                title=str(told["title"]),
                date=str(told["date"]),
                currency=str(told["currency"]),
                hours={name: {term: _price(machine[term]) for term in TERMS} for name, machine in told["hour"].items()},
                machines={name: str(machine["machine"]) for name, machine in told["hour"].items()},
                stored=_price(told["gigabyte stored for a month"]),
                sent=_price(told["gigabyte sent"]),
            )
        except KeyError as error:
            raise PriceSheetError(f"{path}: the price sheet lacks the entry {error}") from error
        except (AttributeError, TypeError, ValueError) as error:
            raise PriceSheetError(f"{path}: not a price sheet such as {EXAMPLE_SHEET.name} ({error})") from error

    def cost(self, machine: str, seconds: float, *, stored: int = 0, sent: int = 0) -> dict[str, float]:
        """Of a run by term: machine time, its bytes stored for a month, and bytes sent.

        Raises:
            PriceSheetError: for a machine class that the sheet doesn't have.
        """
        if machine not in self.hours:
            raise PriceSheetError(f"the price sheet has no machine class {machine!r}; it has {', '.join(self.hours)}")
        bytes_cost = (stored * self.stored + sent * self.sent) / GIGABYTE
        return {term: price * seconds / 3600.0 + bytes_cost for term, price in self.hours[machine].items()}

    def describe(self) -> str:
        """For reports."""
        return f"{self.title} of {self.date}, {self.currency}"


def machine_class(gpu_memory: int | None) -> str:
    """The class of a machine whose GPU has so many bytes of memory; None for no GPU."""
    if gpu_memory is None:
        return "cpu"
    return "large gpu" if gpu_memory > LARGE_GPU_MEMORY else "gpu"


def _price(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"a price must be a number of 0 or more; got {value!r}")
    return float(value)
