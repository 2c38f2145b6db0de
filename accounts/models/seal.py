"""The audit trail's seals: a chain of hashes over events and row history."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class Seal(models.Model):
    """One sealed row. `chain_sha256` covers this seal and the one before it, and so all before it.

    The row is named by source and ID, without a foreign key: the seal outlives it, and so tells that it is gone.
    """

    seq = models.BigIntegerField(primary_key=True)
    source = models.CharField(max_length=40)
    row_id = models.BigIntegerField()
    layout = models.CharField(max_length=12, help_text="Which columns the row's hash covers.")
    row_sha256 = models.CharField(max_length=64)
    chain_sha256 = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["source", "row_id"], name="seal_once_per_row")]

    def __str__(self) -> str:
        return f"{self.seq}: {self.source} {self.row_id}"


class SealLayout(models.Model):
    """The columns that seals of one layout cover; `layout` is the hash of their names and types."""

    source = models.CharField(max_length=40)
    layout = models.CharField(max_length=12)
    columns = models.JSONField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["source", "layout"], name="seal_layout_once")]

    def __str__(self) -> str:
        return f"{self.source}@{self.layout}"


class SealingPosition(models.Model):
    """How far the sealer has come; one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    horizon = models.BigIntegerField(default=0, help_text="Transactions below this number are sealed (PostgreSQL).")
    cluster = models.CharField(max_length=40, blank=True, help_text="The database server that numbered them.")
    last_seq = models.BigIntegerField(default=0)
    passed_at = models.DateTimeField(null=True, help_text="When the sealer last looked for rows.")

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(id=1), name="one_sealing_position")]

    def __str__(self) -> str:
        return f"sealed up to {self.last_seq}"
