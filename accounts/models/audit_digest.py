"""The signed digests of the audit trail."""

from typing import ClassVar

from django.db import models


class AuditDigest(models.Model):
    """What the database remembers of a signed digest; the digest itself lies in the `audit` storage and counts."""

    number = models.BigIntegerField(primary_key=True)
    name = models.CharField(max_length=100, help_text="Key in the audit storage.")
    first_seq = models.BigIntegerField()
    last_seq = models.BigIntegerField()
    chain_sha256 = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64, help_text="Of the digest's bytes.")
    key_id = models.CharField(max_length=16)
    made_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-number"]

    def __str__(self) -> str:
        return f"digest {self.number}, seals {self.first_seq} to {self.last_seq}"
