"""What was changed in the rows that matter, written by the database itself."""

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Now

from accounts.models.transaction import CurrentTransaction


class RowChange(models.Model):
    """One change of one row: which columns held what before and after, and for whom the site was acting.

    PostgreSQL's triggers write it (`accounts.audit.triggers`), so that raw SQL leaves it too. On SQLite it stays empty.
    It is JSON and not a copy of each table's columns: what is sealed must not change when a table gets a column.
    """

    class Operation(models.TextChoices):
        EXISTING = "existing", "Was there when the history began"
        INSERT = "insert", "Added"
        UPDATE = "update", "Changed"
        DELETE = "delete", "Deleted"
        TRUNCATE = "truncate", "Deleted with the whole table"

    at = models.DateTimeField(db_default=Now(), editable=False)
    table_name = models.CharField(max_length=63)
    row_id = models.CharField(max_length=64)
    operation = models.CharField(max_length=8, choices=Operation.choices)
    old = models.JSONField(null=True, help_text="Values before: those that changed, or the whole row.")
    new = models.JSONField(null=True, help_text="Values after: those that changed, or the whole row.")
    actor = models.CharField(max_length=254, blank=True, help_text="Empty: written past the site.")
    actor_id_text = models.CharField(max_length=36, blank=True)
    institution_id_text = models.CharField(max_length=36, blank=True, help_text="The actor's.")
    request_id = models.CharField(max_length=64, blank=True, help_text="Request or job that caused it.")
    database_role = models.CharField(max_length=63, help_text="Whose connection wrote it.")
    transaction_id = models.BigIntegerField(db_default=CurrentTransaction(), editable=False)

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["table_name", "row_id", "-id"], name="change_row_newest"),
            models.Index(fields=["actor_id_text", "-id"], name="change_actor_newest"),
            models.Index(fields=["transaction_id"], name="change_transaction"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} of {self.table_name} {self.row_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Always refuses: the database writes the history."""
        raise TypeError("The history of rows is written by the database alone.")

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Always refuses."""
        raise TypeError("The history of rows is never deleted.")
