"""What was taken out of the audit trail because its time was over."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from accounts.models.transaction import CurrentTransaction


class AuditPurge(models.Model):
    """The rows of one source that were purged at once. Their seals stay, so that the chain can still be followed.

    `rows_sha256` is the SHA-256 of the purged rows' hashes (hexadecimal, in the order of their seals): it tells which
    rows went, and which, if they are missing, did not go this way.
    """

    source = models.CharField(max_length=40, help_text="As the seals name it.")
    first_row_id = models.BigIntegerField()
    last_row_id = models.BigIntegerField()
    first_seq = models.BigIntegerField()
    last_seq = models.BigIntegerField()
    rows = models.BigIntegerField()
    rows_sha256 = models.CharField(max_length=64)
    before = models.DateTimeField(help_text="Rows older than this went.")
    reason = models.TextField()
    purged_by = models.CharField(max_length=254, help_text="E-mail address, or who ran the command.")
    purged_at = models.DateTimeField(db_default=Now(), editable=False)
    transaction_id = models.BigIntegerField(db_default=CurrentTransaction(), db_index=True, editable=False)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.rows} rows of {self.source} before {self.before:%Y-%m-%d}"
