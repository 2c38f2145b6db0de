"""`manage.py seal_audit`: seals the audit trail once, or for as long as it runs."""

import signal
import threading
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand
from django.db import OperationalError, connection

from accounts.audit import keeping

KEEP_SECONDS = 60.0


class Command(BaseCommand):
    """Several may run: one seals at a time, and another goes on where one is killed."""

    help = "Seal the audit events and row history that are complete; with --follow, for as long as it runs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Takes whether to go on."""
        parser.add_argument("--follow", action="store_true", help="go on, signing digests as well, until stopped")
        parser.add_argument(
            "--seconds",
            type=float,
            default=settings.AUDIT_SEAL_SECONDS,
            help="between two looks (default: %(default)s)",
        )

    def handle(self, *args: Any, follow: bool, seconds: float, **options: Any) -> None:
        """Seals."""
        if follow:
            self._follow(seconds)
            return
        begun = time.monotonic()
        done = keeping.seal()
        if done.busy:
            self.stdout.write("Another sealer is at work.")
        else:
            self.stdout.write(f"{done.sealed:,} rows sealed in {time.monotonic() - begun:.1f} s.")

    def _follow(self, seconds: float) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        kept = -KEEP_SECONDS
        while not stop.is_set():
            try:
                keeping.seal()
                if time.monotonic() - kept >= KEEP_SECONDS:
                    kept = time.monotonic()
                    keeping.keep()
            except OperationalError as error:
                self.stderr.write(f"The database does not answer ({type(error).__name__}); trying again.")
                connection.close()
            stop.wait(seconds)
