"""The learning rate over a training: one rate for the first half, then evenly down to nothing (Zhu et al., 2017)."""

from __future__ import annotations

from collections.abc import Iterable

import torch


def set_rate(optimisers: Iterable[torch.optim.Optimizer], rate: float, done: float) -> None:
    """Give the optimisers the rate that is due after the share `done`, from 0 to 1, of all steps.

    Two networks that play against each other circle about their balance at a constant rate; they settle as it falls.
    """
    due = rate * min(1.0, 2.0 * (1.0 - done))
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["lr"] = due
