"""Independent units of work on several processes, one thread each, with progress."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

import torch
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ml.fna.training import Progress

Unit = TypeVar("Unit")
Result = TypeVar("Result")


def available_processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def map_units(
    function: Callable[[Unit], Result],
    units: Sequence[Unit],
    *,
    jobs: int,
    progress: Progress | None = None,
) -> list[Result]:
    """`[function(unit) for unit in units]` on `jobs` processes; `function` must be importable by name.

    Args:
        function: the work.
        units: what to work on; results keep their order.
        jobs: processes; with one, the work is done in this process.
        progress: called as `progress(done, total)` in units.
    """
    if jobs == 1:
        return _map_here(function, units, progress)
    results: dict[int, Result] = {}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_one_thread) as pool:
        waiting = {pool.submit(function, unit): index for index, unit in enumerate(units)}
        for done in as_completed(waiting):
            results[waiting[done]] = done.result()
            if progress is not None:
                progress(len(results), len(units))
    return [results[index] for index in range(len(units))]


def _map_here(function: Callable[[Unit], Result], units: Sequence[Unit], progress: Progress | None) -> list[Result]:
    results = []
    with threadpool_limits(1):
        for unit in units:
            results.append(function(unit))
            if progress is not None:
                progress(len(results), len(units))
    return results


def _one_thread() -> None:
    torch.set_num_threads(1)
    threadpool_limits(1)
