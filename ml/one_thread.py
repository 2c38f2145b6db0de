"""Computing on one thread, for the same bits whatever the machine's load."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_ONE_THREAD = threading.RLock()  # a caller may call another


@contextmanager
def single_threaded() -> Iterator[None]:
    """Run torch on one thread, for the same bits; one caller at a time, as the setting is global."""
    with _ONE_THREAD:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
