"""`manage.py export_audit_chain FOLDER`: what an outsider needs to check the trail."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from accounts.audit.chain_export import export
from accounts.audit.verification import CannotVerify


class Command(BaseCommand):
    """Writes rows, seals, digests and the program that checks them; itself an event of the trail."""

    help = "Export the audit trail's chain, to be checked without this site (docs/audit-format.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Takes the folder."""
        parser.add_argument("folder", type=Path, help="a new folder; who reads it reads the trail")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        """Exports.

        Raises:
            CommandError: the folder is there already, or the trail cannot be read.
        """
        try:
            seals = export(folder)
        except FileExistsError:
            raise CommandError(f"{folder} is there already: name a new folder.") from None
        except (CannotVerify, OSError) as error:
            raise CommandError(f"Could not export: {error}") from error
        self.stdout.write(f"{seals:,} seals in {folder}. To check them, with the key from the auditors' own records:")
        self.stdout.write(f"  python {folder}/verify_audit.py {folder} audit-key.pem")
