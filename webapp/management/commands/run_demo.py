"""`manage.py run_demo`: the whole demo site, web and worker, until Ctrl-C."""

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import connections

from accounts.demo import sign_ins
from webapp.demo_processes import DemoProcesses, PortUnusableError, claim_port, when_answering


class Command(BaseCommand):
    """Prepares the demo's database and cases, then runs web and worker together."""

    help = "Runs the demo site (web and worker) until Ctrl-C. Never for patients' data."
    requires_system_checks = ()  # `migrate` runs them

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Takes the port."""
        parser.add_argument("--port", type=int, default=8000, help="port on this machine (default: 8000)")

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        """Runs until stopped.

        Raises:
            CommandError: not the demo settings, the port is taken, or web or worker stopped by itself.
        """
        if not settings.SHOW_DEMO_SIGN_INS:
            raise CommandError("run_demo needs DJANGO_SETTINGS_MODULE=webapp.settings.demo.")
        try:
            claim_port(port)
        except PortUnusableError as error:
            raise CommandError(str(error)) from None
        address = f"http://127.0.0.1:{port}"
        os.environ["CSRF_TRUSTED_ORIGINS"] = address  # the processes to come name it in what they publish

        try:
            self._prepare()
        except KeyboardInterrupt:
            raise CommandError("Stopped before the demo was up; make run takes it up again.") from None

        processes = DemoProcesses(port)
        when_answering(f"{address}/health/live", lambda: self.stdout.write(self._welcome(address)))
        processes.loop()
        if not processes.stopped_on_request:
            raise CommandError("The demo stopped by itself; the lines above say why.")
        self.stdout.write("Stopped. The demo's cases are kept for the next start.")

    def _prepare(self) -> None:
        self.stdout.write("Preparing the demo…")
        call_command("migrate", interactive=False, verbosity=0)
        call_command("setup_demo")
        call_command("setup_synthesis_demo")
        # The processes to come must not inherit this one's open database.
        connections.close_all()

    def _welcome(self, address: str) -> str:
        people = [
            f"  {person['email']:<32} {person['password']:<20} {person['role']:<12} {person['description']}"
            for person in sign_ins()
        ]
        lines = [
            "",
            f"Lobule answers at {address}",
            "",
            "Sign in with one of these (e-mail, password, role):",
            *people,
            "",
            "Demo data are public research measurements. Not a certified medical device. Ctrl-C stops it.",
            "",
        ]
        return "\n".join(lines)
