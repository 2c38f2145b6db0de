"""`manage.py discard_stale_uploads`: gives up files that never arrived whole and clears away what they left."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from diagnosis.services.orphan_objects import remove_orphans
from diagnosis.services.stale_uploads import discard_stale_uploads


class Command(BaseCommand):
    """Does by hand, to the end, what the workers do every hour."""

    help = "Give up uploads that stopped a day ago; remove part files and stored objects that no row knows."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--even-many",
            action="store_true",
            help="Remove stored objects without a row even where they are so many that rows seem to be missing.",
        )

    def handle(self, *args: Any, even_many: bool, **options: Any) -> None:
        done, cleared = discard_stale_uploads(), remove_orphans(even_many=even_many)
        self.stdout.write(
            f"{done.files} files given up, {done.leftovers} leftovers and {cleared.removed} stored objects removed."
        )
        if cleared.left_alone:
            self.stderr.write(
                f"{cleared.left_alone} stored objects have no row: too many to be leftovers, so they stay. "
                "Check that this is the right database; --even-many removes them."
            )
