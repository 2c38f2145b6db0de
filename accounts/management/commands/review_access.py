"""`manage.py review_access`: looks for unusual accesses now, without waiting for the hour."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand

from accounts.models import Institution
from accounts.review.findings import review_institution


class Command(BaseCommand):
    """Does what beat does every hour; may be run again and again."""

    help = "Look for unusual accesses in the audit trail and make the days of the daily review."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Takes the first day."""
        parser.add_argument(
            "--since",
            type=date.fromisoformat,
            help="first day to look at, YYYY-MM-DD (default: where the last look ended)",
        )

    def handle(self, *args: Any, since: date | None = None, **options: Any) -> None:
        """Says how many findings are new, by institution."""
        for institution in Institution.objects.order_by("name"):
            found = review_institution(institution, since=since)
            self.stdout.write(f"{institution}: {found} new finding{'' if found == 1 else 's'}")
