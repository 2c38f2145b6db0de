"""`manage.py grant_database_roles`: gives the site's own database role its rights; run by the owner after `migrate`."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from accounts.audit.protection_roles import AppRole, RoleRefused, grant


class Command(BaseCommand):
    """The role comes from APP_DATABASE_URL and is made where it is new, or is named and exists already."""

    help = "Give the site's database role its rights: all it needs, and of the audit trail only to read and add."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--app-role", help="an existing role, instead of the one in APP_DATABASE_URL")

    def handle(self, *args: Any, **options: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("Only PostgreSQL has roles; on SQLite whoever can write the file can change it.")
        named = options["app_role"]
        role = AppRole(named) if named else AppRole.of_url(getattr(settings, "APP_DATABASE_URL", ""))
        if not role.name:
            raise CommandError("Set APP_DATABASE_URL to postgres://role:password@host:5432/name, or name --app-role.")
        try:
            grant(role)
        except RoleRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{role.name} reads and adds to the audit trail, and cannot change it.")
