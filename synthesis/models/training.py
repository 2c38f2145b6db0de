"""What a generator's training left to look at: figures and grids of samples, as they came."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q

from synthesis.models.synthetic_set import MAKERS, SyntheticSet


class MakingQuerySet(models.QuerySet[Any]):
    """Rows about the making of a set, seen by whoever may follow it."""

    def visible_to(self, user: Any) -> Self:
        """Those of the institution, for researchers and administrators."""
        if not user.is_authenticated or user.role not in MAKERS:
            return self.none()
        return self.filter(set__institution=user.institution_id)


class TrainingRecord(models.Model):
    """One line of a training's statistics.

    Attributes:
        step: optimiser steps done (for tables: epochs).
        seconds: spent in training until then.
        values: losses and quality figures by name, e.g. {"generator": 1.2, "discriminator": .7, "frechet": 31}.
    """

    set = models.ForeignKey(SyntheticSet, on_delete=models.CASCADE, related_name="training_records")
    step = models.PositiveIntegerField()
    seconds = models.FloatField()
    values = models.JSONField()

    objects = MakingQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["set", "step"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["set", "step"], name="training_record_once_per_step"),
            models.CheckConstraint(condition=Q(seconds__gte=0), name="training_takes_time"),
        ]

    def __str__(self) -> str:
        return f"Step {self.step} of {self.set}"


class SampleGrid(models.Model):
    """A grid of samples from the same latents at one step of the training, as a PNG in the phi storage.

    It stays there: nobody has examined yet what it shows.
    """

    set = models.ForeignKey(SyntheticSet, on_delete=models.CASCADE, related_name="grids")
    step = models.PositiveIntegerField()
    object_name = models.CharField(max_length=200)

    objects = MakingQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["set", "step"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["set", "step"], name="grid_once_per_step"),
        ]

    def __str__(self) -> str:
        return f"Samples of {self.set} at step {self.step}"
