"""`manage.py discard_stale_uploads`: gives up files that never arrived whole and clears away what they left."""

from typing import Any

from django.core.management.base import BaseCommand

from diagnosis.services.stale_uploads import discard_stale_uploads


class Command(BaseCommand):
    """Does by hand, and more thoroughly, what the workers do every hour."""

    help = "Give up uploads that stopped a day ago; remove part files and stored objects that no row knows."

    def handle(self, *args: Any, **options: Any) -> None:
        done = discard_stale_uploads(with_objects=True)
        self.stdout.write(
            f"{done.files} files given up, {done.leftovers} leftovers and {done.objects} stored objects removed."
        )
