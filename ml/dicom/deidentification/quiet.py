"""pydicom kept from quoting what it reads: its warnings and log lines name patients."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Final

from pydicom import config

_ONE_AT_A_TIME: Final = RLock()  # warning filters and pydicom's settings belong to the whole process


@contextmanager
def quietly() -> Iterator[None]:
    """No warnings, no log lines and no refusals of values that break a rule; they are judged by our own."""
    with _ONE_AT_A_TIME, warnings.catch_warnings(), config.disable_value_validation():
        warnings.simplefilter("ignore")
        level = config.logger.level
        config.logger.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            config.logger.setLevel(level)
