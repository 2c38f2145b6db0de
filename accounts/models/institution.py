"""Institutions: the border that patients' data never crosses."""

import uuid
from typing import ClassVar

from django.db import models


class Institution(models.Model):
    """A hospital or laboratory. Patients' data never crosses from one institution to another."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
