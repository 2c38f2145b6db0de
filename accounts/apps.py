"""The accounts app."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    """Institutions, users, roles, the audit trail."""

    name = "accounts"

    def ready(self) -> None:
        # Connecting them needs the models loaded.
        from accounts import signals  # noqa: F401, PLC0415
        from accounts.audit import actor_for_triggers, protection_checks, sources, triggers  # noqa: F401, PLC0415
        from accounts.models import AuditEvent, AuditPurge, RowChange  # noqa: PLC0415
        from accounts.review import tasks  # noqa: F401, PLC0415

        sources.register("event", AuditEvent)
        sources.register("change", RowChange)
        sources.register("purge", AuditPurge)

        connection_created.connect(actor_for_triggers.connect)
        post_migrate.connect(triggers.after_migrate, sender=self)
