"""What a run takes: time, processors, memory, bytes, energy, money."""

from ml.training.accounting.meter import Meter
from ml.training.accounting.prices import PriceSheet, PriceSheetError
from ml.training.accounting.storage import stored_bytes
from ml.training.accounting.usage import Usage

__all__ = ["Meter", "PriceSheet", "PriceSheetError", "Usage", "stored_bytes"]
