"""One architecture's trial: trained, measured, judged on held-out pictures; kept, so that it isn't done again."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from ml.gan.architectures import architecture
from ml.gan.benchmarking.convergence import convergence
from ml.gan.benchmarking.judge import CLASS_FIGURE, ClassJudge
from ml.gan.benchmarking.packed import packed_bytes
from ml.gan.generator_file import TrainedGenerator
from ml.gan.grids import COLUMNS, save_grid
from ml.gan.mix import mixed_counts
from ml.gan.pictures import LabelledPictures, TrainingPictures
from ml.gan.plan import TrainingPlan, default_plan
from ml.gan.stats import read_lines
from ml.gan.training import train
from ml.metrics.images.extractor import Features, UltrasoundExtractor
from ml.metrics.images.inception_score import inception_score
from ml.metrics.images.quality import quality
from ml.metrics.images.small_classifier import STEPS
from ml.metrics.images.utility import SEEDS, Labelled, Worth, augmentation_gain, few_alone, trained_on
from ml.training.accounting import Meter, Usage, stored_bytes
from ml.training.device import Device

RESULT, USAGE, PLAN, SAMPLES = "result.json", "usage.json", "plan.json", "samples.png"
REHEARSAL = 12  # steps that tell how long one takes
UNTIMED = 4  # of these, at the start
SHOWN = 8  # pictures of a class

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Conditions:
    """What all trials of a benchmark share.

    Attributes:
        train: real pictures to learn from.
        holdout: real pictures for the final figures.
        size: the pictures' side.
        minutes: of training steps for each, or None for the architecture's standard effort.
        steps: of training for each, in place of minutes.
        seed: of the trainings and of the pictures drawn.
        device: where.
        extractor: of the features.
        seeds: of the classifiers that measure utility.
        classifier_steps: of each one's training.
    """

    train: TrainingPictures
    holdout: TrainingPictures
    size: int
    minutes: float | None
    steps: int | None
    seed: int
    device: Device
    extractor: UltrasoundExtractor
    seeds: tuple[int, ...] = SEEDS
    classifier_steps: int = STEPS

    def fingerprint(self) -> str:
        """Changes with all that a result depends on."""
        told = {
            "train": self.train.sha256,
            "holdout": self.holdout.sha256,
            "extractor": self.extractor.sha256,
            "device": self.device.describe(),
            "others": [self.size, self.minutes, self.steps, self.seed, self.seeds, self.classifier_steps],
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class RealReference:
    """What real pictures themselves reach: measured once, for all trials."""

    train: Features
    holdout: Features
    all_real: Worth
    few_real: Worth

    @classmethod
    def measure(cls, conditions: Conditions) -> RealReference:
        """Extract the features and train the classifiers on real pictures alone."""
        options: dict[str, Any] = {"seeds": conditions.seeds, "steps": conditions.classifier_steps}
        return cls(
            conditions.extractor(conditions.train.pixels),
            conditions.extractor(conditions.holdout.pixels),
            trained_on([conditions.train], conditions.holdout, **options),
            few_alone(conditions.train, conditions.holdout, **options),
        )

    def figures(self, conditions: Conditions) -> dict[str, Any]:
        """The training pictures' own figures, as if a generator had drawn them."""
        return {
            "quality": quality(self.train, self.holdout, self.train, seed=conditions.seed),
            "score": inception_score(conditions.extractor.class_probabilities(conditions.train.pixels)),
            "all_real": asdict(self.all_real),
            "few_real": asdict(self.few_real),
        }


def finished(name: str, conditions: Conditions, folder: Path) -> dict[str, Any] | None:
    """The kept result of a trial under the same conditions, or None."""
    path = folder / name / RESULT
    if not path.exists():
        return None
    result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return result if result["fingerprint"] == conditions.fingerprint() else None


def run_trial(
    name: str, conditions: Conditions, reference: RealReference, folder: Path, progress: Progress | None = None
) -> dict[str, Any]:
    """Train an architecture, or go on with it, and measure it; the result is kept in `folder`.

    Raises:
        ValueError: when the folder holds a trial under other conditions, or a damaged checkpoint.
    """
    below = folder / name
    below.mkdir(parents=True, exist_ok=True)
    plan = _plan(name, conditions, below)
    judge = ClassJudge(conditions.train, conditions.extractor)
    meter = Meter()
    try:
        with meter:
            generator = train(
                conditions.train, plan, below / "training", device=conditions.device, progress=progress, judge=judge
            )
    finally:
        usage = _add_usage(below / USAGE, meter.usage)
    synthetic = _draw(generator, conditions)
    _save_samples(synthetic, below / SAMPLES)
    lines = read_lines(below / "training")
    told = {"batch": plan.batch, "pictures": len(conditions.train)}
    result = {
        "fingerprint": conditions.fingerprint(),
        "architecture": name,
        "title": architecture(name).title,
        "plan": plan.as_dict(),
        "steps": lines[-1]["step"],
        "epochs": lines[-1]["step"] * plan.batch / len(conditions.train),
        "seconds": lines[-1]["seconds"],
        "derived_from_patients": generator.derived_from_patients,
        "weights_sha256": generator.sha256,
        "curve": [{key: line[key] for key in _CURVE} for line in lines if line.get("frechet") is not None],
        "convergence": convergence(lines, "frechet", **told).as_dict(),
        "convergence_by_class": convergence(lines, CLASS_FIGURE, **told).as_dict(),
        "usage": usage.as_dict(),
        "bytes_stored": stored_bytes(below),
        "bytes_sent": packed_bytes(synthetic, generator),
        **_figures(synthetic, conditions, reference),
    }
    (below / RESULT).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return result


_CURVE = ("step", "seconds", "frechet", CLASS_FIGURE)


def _figures(synthetic: LabelledPictures, conditions: Conditions, reference: RealReference) -> dict[str, Any]:
    """On held-out real pictures."""
    options: dict[str, Any] = {"seeds": conditions.seeds, "steps": conditions.classifier_steps}
    train_set: Labelled = conditions.train
    augmented = trained_on([train_set, synthetic], conditions.holdout, **options)
    gain = augmentation_gain(train_set, conditions.holdout, synthetic, alone=reference.few_real, **options)
    features = conditions.extractor(synthetic.pixels)
    return {
        "drawn": synthetic.counts,
        "quality": quality(reference.train, reference.holdout, features, seed=conditions.seed),
        "score": inception_score(conditions.extractor.class_probabilities(synthetic.pixels)),
        "tstr": asdict(trained_on([synthetic], conditions.holdout, **options)),
        "with_synthetic": asdict(augmented),
        "with_synthetic_gain": asdict(augmented.gain_over(reference.all_real)),
        "few": {
            "real_pictures": gain.real_pictures,
            "augmented": asdict(gain.augmented),
            "gain": asdict(gain.gain),
        },
    }


def _plan(name: str, conditions: Conditions, below: Path) -> TrainingPlan:
    """The plan of an earlier start, or one whose steps fill the minutes. All trials judge and stop by the same rule:
    quality is measured equally often, and nothing ends a training early, so that times compare."""
    path = below / PLAN
    if path.exists():
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if kept["fingerprint"] != conditions.fingerprint():
            raise ValueError(f"{below}: of a benchmark with other options or pictures; use the same or another folder")
        return TrainingPlan.from_dict(kept["plan"])
    plan = default_plan(name, conditions.size, "standard", seed=conditions.seed)
    plan = replace(plan, patience=None)
    if conditions.steps is not None:
        plan = plan.with_steps(conditions.steps)
    elif conditions.minutes is not None:
        plan = plan.with_steps(max(REHEARSAL, round(60.0 * conditions.minutes / _seconds_a_step(plan, conditions))))
    path.write_text(json.dumps({"fingerprint": conditions.fingerprint(), "plan": plan.as_dict()}), encoding="utf-8")
    return plan


def _seconds_a_step(plan: TrainingPlan, conditions: Conditions) -> float:
    """Measured in a short rehearsal, its first steps left out."""
    moments: list[float] = []
    short = replace(plan.with_steps(REHEARSAL), grid_every=10 * REHEARSAL, judge_every=10 * REHEARSAL)
    with tempfile.TemporaryDirectory(prefix="lobule-rehearsal-") as folder:
        train(
            conditions.train,
            short,
            Path(folder),
            device=conditions.device,
            judge=None,
            progress=lambda done, total: moments.append(time.monotonic()),
        )
    # the last step draws a grid
    return (moments[-2] - moments[UNTIMED - 1]) / (len(moments) - 1 - UNTIMED)


def _draw(generator: TrainedGenerator, conditions: Conditions) -> LabelledPictures:
    """As many pictures as were trained on, of the same mix."""
    counts = mixed_counts(len(conditions.train), conditions.train.counts)
    sources = conditions.train if generator.derived_from_patients else None
    return generator.sample(counts, conditions.seed, sources=sources)


def _save_samples(synthetic: LabelledPictures, path: Path) -> None:
    """The first pictures of every class, a row each."""
    rows = [(synthetic.labels == code).nonzero().flatten()[:SHOWN] for code in range(len(synthetic.classes))]
    save_grid(synthetic.pixels[torch.cat(rows)], path, columns=COLUMNS)


def _add_usage(path: Path, usage: Usage) -> Usage:
    """With what earlier starts of this training took."""
    if path.exists():
        usage = Usage.from_dict(json.loads(path.read_text(encoding="utf-8"))) + usage
    path.write_text(json.dumps(usage.as_dict()), encoding="utf-8")
    return usage
