"""How long a training will take on this machine, measured by doing a few of its steps on noise."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cache
from statistics import median

import numpy as np
import torch

from ml.gan.architectures import Setting, architecture
from ml.gan.drawing import draw_pixels
from ml.gan.judging import JUDGED
from ml.gan.pictures import TrainingPictures
from ml.gan.plan import TrainingPlan
from ml.metrics.images.extractor import default_extractor
from ml.training.device import Device, choose_device

STEPS = 4  # of which the first, which is slower, doesn't count
PICTURES = 128
CLASSES = ("benign", "malignant")


def training_seconds(plan: TrainingPlan, device: Device | None = None) -> float:
    """About how many seconds `ml.gan.training.train` takes for this plan, here and under the present load.

    The first call for an architecture, size and batch takes some steps' time; later ones in this process are instant.
    """
    known = replace(plan, steps=1000, seed=0)  # the pace doesn't depend on how long it is kept up
    step, judgement = _pace(known.with_steps(known.steps), choose_device() if device is None else device)
    judgements = 0 if plan.privacy is not None else plan.steps // plan.judge_every
    return plan.steps * step + judgements * judgement


@cache
def _pace(plan: TrainingPlan, device: Device) -> tuple[float, float]:
    """Seconds of a step, and of a judgement."""
    random = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (PICTURES, 1, plan.size, plan.size), generator=random, dtype=torch.uint8)
    labels = torch.arange(PICTURES) % len(CLASSES)
    pictures = TrainingPictures(pixels, labels, CLASSES, np.arange(PICTURES))
    found = architecture(plan.architecture, private=plan.privacy is not None)
    with torch.random.fork_rng(devices=[0] if device.kind == "cuda" else []):
        learner = found.learner(Setting(pictures, plan, device))
        seconds = []
        for number in range(STEPS):
            started = time.perf_counter()
            for value in learner.step(number).values():
                float(value)  # waits for the device
            seconds.append(time.perf_counter() - started)
        extractor = default_extractor()
        started = time.perf_counter()
        sources = pictures if found.needs_sources else None
        extractor(draw_pixels(learner.sampler, labels[:64], 0, device.torch_device, sources))
        judgement = (time.perf_counter() - started) * JUDGED / 64
    return median(seconds[1:]), judgement
