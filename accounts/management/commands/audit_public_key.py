"""`manage.py audit_public_key`: the public half of the key that signs the audit trail's digests."""

import base64
from typing import Any

from django.core.management import BaseCommand

from accounts.audit.signing import key_id, pem, private_key, raw


class Command(BaseCommand):
    """Prints it for auditors, who keep it away from the site; `verify_audit` and other programs read it."""

    help = "Print the public key that verifies the audit trail's signed digests (PEM)."

    def handle(self, *args: Any, **options: Any) -> None:
        key = private_key().public_key()
        self.stdout.write(pem(key), ending="")
        short = base64.urlsafe_b64encode(raw(key)).decode()
        # On the other stream, so that `> key.pem` holds the key alone.
        self.stderr.write(f"key {key_id(key)}; for AUDIT_EARLIER_PUBLIC_KEYS once it is replaced: {short}")
