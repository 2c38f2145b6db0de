"""Marks that jobs leave. No constraint forbids doubles: the tests count them."""

from typing import ClassVar, Self

from django.db import models


class Mark(models.Model):
    job_id_text = models.CharField(max_length=36)
    unit = models.IntegerField()
    attempt = models.IntegerField()

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.job_id_text} {self.unit} ({self.attempt})"
