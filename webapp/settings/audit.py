"""The audit trail's seals and signed digests."""

from datetime import timedelta

AUDIT_SEAL_SECONDS = 3.0
AUDIT_DIGEST_INTERVAL = timedelta(hours=1)  # a digest is late when two of them have passed
# Public keys (URL-safe base64, 32 bytes) of signing keys that were replaced, whose digests are still believed.
AUDIT_EARLIER_PUBLIC_KEYS: list[str] = []
