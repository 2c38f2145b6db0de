"""The one training loop of all architectures: steps, statistics, grids, judgements, checkpoints, the finished file."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from ml.gan.architectures import Architecture, Setting, architecture
from ml.gan.card import generator_card
from ml.gan.checkpoint import (
    CHECKPOINT,
    Checkpoint,
    CheckpointError,
    learner_tensors,
    load_checkpoint,
    random_states,
    restore_learner,
    restore_random_states,
    save_checkpoint,
)
from ml.gan.drawing import draw_pixels
from ml.gan.generator_file import GENERATOR, TrainedGenerator
from ml.gan.grids import draw_grid, save_grid
from ml.gan.judging import Draw, FrechetJudge, Judge
from ml.gan.pictures import TrainingPictures
from ml.gan.plan import TrainingPlan
from ml.gan.stats import append_line, forget_after
from ml.training.device import Device, choose_device

GRIDS = "grids"
FEWEST = 8  # pictures of a class

Progress = Callable[[int, int], None]
Abort = Callable[[], bool]


class Aborted(RuntimeError):
    """The caller's `abort` asked to stop; the checkpoint is written."""


class Paused(RuntimeError):
    """The time given is over; the checkpoint is written, and another call goes on from it."""


def train(
    pictures: TrainingPictures,
    plan: TrainingPlan,
    folder: Path,
    *,
    device: Device | None = None,
    progress: Progress | None = None,
    abort: Abort | None = None,
    seconds: float | None = None,
    judge: Judge | Literal["default"] | None = "default",
) -> TrainedGenerator:
    """Train a generator, or go on with the training whose checkpoint `folder` holds.

    The folder gets checkpoint.safetensors, stats.jsonl, grids/step-000500.png and, in the end, generator.safetensors
    with its card. On the CPU a training in shares gives the same bits as one without a break.

    Args:
        pictures: what to learn from.
        plan: what to do.
        folder: of this run; made where it isn't there.
        device: where to train; the best there is by default.
        progress: called as `progress(done, total)` in steps; may raise, and the checkpoint is written first.
        abort: asked before every step; a true answer stops the training.
        seconds: stop after so long.
        judge: measures quality every `plan.judge_every` steps; by default the Fréchet distance to the training
            pictures. None: no judgement. Under differential privacy there is none by default and none decides
            which weights are kept, as it looks at the pictures outside of the budget.

    Raises:
        Aborted: when `abort` said so.
        Paused: when `seconds` are over.
        CheckpointError: when the folder's checkpoint is damaged, or of another plan or other pictures.
        ValueError: when the pictures don't suit the plan.
    """
    _check(pictures, plan)
    folder.mkdir(parents=True, exist_ok=True)
    chosen = choose_device() if device is None else device
    if judge == "default":
        judge = FrechetJudge(pictures) if plan.privacy is None else None
    with torch.random.fork_rng(devices=[0] if chosen.kind == "cuda" else []):
        run = _Run(pictures, plan, folder, chosen, judge)
        run.go(progress, abort, seconds)
        return run.finish()


class _Run:
    """A training between its start and its end."""

    def __init__(
        self, pictures: TrainingPictures, plan: TrainingPlan, folder: Path, device: Device, judge: Judge | None
    ) -> None:
        self.pictures, self.plan, self.folder, self.device, self.judge = pictures, plan, folder, device, judge
        self.architecture: Architecture = architecture(plan.architecture, private=plan.privacy is not None)
        torch.manual_seed(plan.seed)
        self.learner = self.architecture.learner(Setting(pictures, plan, device))
        self.sources = pictures if self.architecture.needs_sources else None
        self.step = 0
        self.seconds = 0.0  # of training steps alone: judging and drawing grids is not the architecture's doing
        self.sums: dict[str, Tensor] = {}
        self.best: dict[str, Tensor] = {}
        self.best_figures: dict[str, float] = {}
        self.since_best = 0
        self._resume()

    @property
    def over(self) -> bool:
        """Whether all steps are done, or quality hasn't risen for as long as the plan waits."""
        patience = self.plan.patience
        return self.step >= self.plan.steps or (patience is not None and self.since_best >= patience)

    def go(self, progress: Progress | None, abort: Abort | None, seconds: float | None) -> None:
        """Train until it is over, stopped, or out of time."""
        started = saved = time.monotonic()
        while not self.over:
            if abort is not None and abort():
                self.save()
                raise Aborted(f"training stopped at step {self.step} of {self.plan.steps}")
            if seconds is not None and time.monotonic() - started >= seconds:
                self.save()
                raise Paused(f"training paused at step {self.step} of {self.plan.steps}")
            self._one_step()
            if time.monotonic() - saved >= self.plan.checkpoint_seconds:
                self.save()
                saved = time.monotonic()
            self._tell(progress)

    def finish(self) -> TrainedGenerator:
        """Write the generator file; the weights are the best judged ones where the architecture keeps them."""
        sampler = self.architecture.sampler(self.pictures.classes, self.plan.size)
        state = self.best or self.learner.sampler.state_dict()
        sampler.load_state_dict({name: value.detach().cpu() for name, value in state.items()})
        generator = TrainedGenerator(
            self.plan.architecture, self.pictures.classes, self.plan.size, sampler, card={}, sha256=""
        )
        card = generator_card(
            self.architecture,
            self.pictures,
            self.plan,
            report=self.learner.report(),
            steps=self.step,
            seconds=self.seconds,
            device=self.device.describe(),
            quality=self.best_figures,
        )
        generator.save(self.folder / GENERATOR, card)
        self.save()
        return generator

    def save(self) -> None:
        """Write the checkpoint."""
        tensors, settings = learner_tensors(self.learner)
        tensors |= random_states(self.device.kind)
        tensors |= {f"sum.{name}": value for name, value in self.sums.items()}
        tensors |= {f"best.{name}": value for name, value in self.best.items()}
        told = {
            "plan": self.plan.as_dict(),
            "pictures": self.pictures.sha256,
            "optimisers": settings,
            "seconds": self.seconds,
            "best_figures": self.best_figures,
            "since_best": self.since_best,
        }
        save_checkpoint(self.folder, Checkpoint(self.step, tensors, told))

    def _resume(self) -> None:
        found = load_checkpoint(self.folder)
        forget_after(self.folder, 0 if found is None else found.step)
        if found is None:
            return
        path = self.folder / CHECKPOINT
        if TrainingPlan.from_dict(found.told["plan"]) != self.plan:
            raise CheckpointError(f"{path}: of a training with another plan; use the same one or another folder")
        if found.told["pictures"] != self.pictures.sha256:
            raise CheckpointError(f"{path}: of a training with other pictures; use the same ones or another folder")
        tensors = found.tensors
        restore_learner(self.learner, tensors, found.told["optimisers"])
        self.sums = {
            name.removeprefix("sum."): value.to(self.device.torch_device)
            for name, value in tensors.items()
            if name.startswith("sum.")
        }
        self.best = {name.removeprefix("best."): value for name, value in tensors.items() if name.startswith("best.")}
        self.step, self.seconds = found.step, found.told["seconds"]
        self.best_figures, self.since_best = found.told["best_figures"], found.told["since_best"]
        restore_random_states(tensors, self.device.kind)

    def _one_step(self) -> None:
        started = time.monotonic()
        for name, value in self.learner.step(self.step).items():
            self.sums[name] = self.sums[name] + value if name in self.sums else value
        self.step += 1
        due = self._due(self.plan.record_every)
        line = {"step": self.step, **self._means()} if due else {}
        self.seconds += time.monotonic() - started
        last = self.step == self.plan.steps
        if last or self._due(self.plan.judge_every):
            figures = self._judge()
            line = {"step": self.step, **line, **figures} if figures else line
        if last or self._due(self.plan.grid_every):
            pixels = draw_grid(self.learner.sampler, len(self.pictures.classes), self.device.torch_device, self.sources)
            save_grid(pixels, self.folder / GRIDS / f"step-{self.step:06d}.png")
        if line:
            append_line(self.folder, {**line, "seconds": round(self.seconds, 3)})

    def _means(self) -> dict[str, float]:
        means = {name: float(value) / self.plan.record_every for name, value in self.sums.items()}
        self.sums = {}
        return means

    def _judge(self) -> dict[str, float]:
        if self.judge is None:
            return {}
        with torch.random.fork_rng(devices=[]):
            figures = self.judge(self._draw())
        if not self.learner.labels_hold:
            return figures
        better = not self.best_figures or figures["frechet"] < self.best_figures["frechet"]
        self.since_best = 0 if better else self.since_best + 1
        if better:
            self.best_figures = {**figures, "step": float(self.step)}
            if self.architecture.keeps_best and self.plan.privacy is None:
                state = self.learner.sampler.state_dict()
                self.best = {name: value.detach().cpu().clone() for name, value in state.items()}
        return figures

    def _draw(self) -> Draw:
        labels = self.pictures.labels

        def draw(count: int, seed: int) -> Tensor:
            rows = torch.linspace(0, len(labels) - 1, count).round().long()
            mixed = labels.sort().values[rows]
            return draw_pixels(self.learner.sampler, mixed, seed, self.device.torch_device, self.sources)

        return draw

    def _due(self, every: int) -> bool:
        return self.step % every == 0

    def _tell(self, progress: Progress | None) -> None:
        if progress is None:
            return
        try:
            progress(self.step, self.plan.steps)
        except BaseException:
            self.save()
            raise


def _check(pictures: TrainingPictures, plan: TrainingPlan) -> None:
    if pictures.size != plan.size:
        raise ValueError(f"the plan wants pictures with {plan.size} pixels a side; these have {pictures.size}")
    for name, count in pictures.counts.items():
        if count < FEWEST:
            raise ValueError(f"a generator needs at least {FEWEST} pictures of every class; {name} has {count}")
