"""`manage.py purge_audit`: takes out of the audit trail what is older than its retention."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_date

from accounts.audit.retention import purge
from accounts.errors import DomainError
from accounts.models import Role, User


class Command(BaseCommand):
    """Counts what would go; with `--delete` it goes, and a record of it stays."""

    help = "Purge the audit trail of what is older than six years and under no legal hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--before", required=True, help="date (YYYY-MM-DD, UTC); what is older goes")
        parser.add_argument("--requested-by", required=True, metavar="EMAIL", help="the administrator who asked for it")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--delete", action="store_true", help="do it; otherwise it is only counted")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            date = parse_date(options["before"])
        except ValueError:
            date = None
        if date is None:
            raise CommandError(f"--before: expected a date like 2019-12-31, got {options['before']!r}.")
        requested_by = User.objects.filter(email__iexact=options["requested_by"], is_active=True, role=Role.ADMIN)
        if not (admin := requested_by.first()):
            raise CommandError(f"{options['requested_by']} is no active administrator's e-mail address.")
        before = datetime(date.year, date.month, date.day, tzinfo=UTC)
        rehearse = not options["delete"]
        try:
            purged = purge(before=before, requested_by=admin, reason=options["reason"], rehearse=rehearse)
        except DomainError as error:
            raise CommandError(str(error)) from error
        for one in purged:
            newest = f", the newest of {one.until:%d %b %Y}" if one.until else ""
            self.stdout.write(f"{one.source}: {one.rows} rows{newest} {'would go' if rehearse else 'are gone'}.")
        if rehearse:
            self.stdout.write("Nothing was deleted. Add --delete to do it.")
