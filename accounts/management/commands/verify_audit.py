"""`manage.py verify_audit`: checks every seal, its row and the signed digests."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management import BaseCommand, CommandError
from django.db import DatabaseError
from rich.console import Console
from rich.progress import Progress

from accounts.audit.alerts import chain_checked
from accounts.audit.verification import CannotVerify, Report, verify

BROKEN, COULD_NOT_CHECK = 1, 2


class Command(BaseCommand):
    """Exit code 0: unbroken. 1: broken, the first bad seal is named. 2: could not be checked."""

    help = "Check the audit trail: exit code 0 unbroken, 1 broken (names the first bad seal), 2 could not check."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Takes the form of the answer and the keys."""
        parser.add_argument("--json", action="store_true", help="answer in JSON")
        parser.add_argument(
            "--public-key",
            action="append",
            type=Path,
            metavar="FILE",
            help="a PEM file to believe instead of this site's key; may be given several times",
        )

    def handle(self, *args: Any, json: bool, public_key: list[Path] | None, **options: Any) -> None:
        """Checks and prints.

        Raises:
            CommandError: with the exit code.
        """
        console = Console(stderr=True)
        try:
            keys = [_read_key(path) for path in public_key] if public_key else None
            with Progress(console=console, disable=json or not console.is_terminal, transient=True) as bar:
                task = bar.add_task("Checking seals", total=None)
                report = verify(keys=keys, progress=lambda done, total: bar.update(task, completed=done, total=total))
        except (CannotVerify, DatabaseError, OSError, ValueError) as error:
            raise CommandError(f"Could not check: {error}", returncode=COULD_NOT_CHECK) from error
        chain_checked(report.findings, whole=True)
        self.stdout.write(_as_json(report) if json else _as_text(report))
        if not report.unbroken:
            raise CommandError(f"The audit trail is broken from seal {report.findings[0].seq} on.", returncode=BROKEN)


def _read_key(path: Path) -> Ed25519PublicKey:
    key = serialization.load_pem_public_key(path.read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        raise CannotVerify(f"{path}: not an Ed25519 public key.")
    return key


def _as_text(report: Report) -> str:
    lines = [f"seal {finding.seq}: {finding.kind}: {finding.message}" for finding in report.findings]
    lines.append(f"{report.seals:,} seals, {report.digests:,} signed digests, {report.purged:,} rows purged")
    return "\n".join([*lines, "unbroken" if report.unbroken else "BROKEN"])


def _as_json(report: Report) -> str:
    return json.dumps(
        {
            "unbroken": report.unbroken,
            "seals": report.seals,
            "digests": report.digests,
            "purged": report.purged,
            "findings": [finding._asdict() for finding in report.findings],
        },
        indent=2,
    )
