"""What an authenticator app shows (RFC 6238), worked out apart from the site's own code."""

import base64
import hmac
import struct
import time

SECONDS = 30


def code_of(secret: str, *, steps: int = 0, at: float | None = None) -> str:
    """Six digits for the base-32 secret, `steps` half minutes from now."""
    counter = int((time.time() if at is None else at) // SECONDS) + steps
    digest = hmac.digest(base64.b32decode(secret.replace(" ", "")), struct.pack(">Q", counter), "sha1")
    start = digest[-1] & 0x0F
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"
