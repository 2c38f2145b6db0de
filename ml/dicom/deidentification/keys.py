"""New names for old ones: pseudonyms, UIDs and date shifts, each derived from a key and the old name alone.

Nothing is remembered: every process that holds the key derives the same names, today and after a restart, and
nobody without the key can tell which old name a new one stands for (HMAC-SHA256, RFC 2104).
"""

import base64
import hashlib
import hmac
import uuid
from dataclasses import dataclass
from typing import Final

from pydicom._uid_dict import UID_dictionary

MINIMUM_SECRET: Final = 32
_SHIFT_RANGE: Final = (365, 10 * 365)


@dataclass(frozen=True)
class InstitutionKey:
    """The key of one institution: the same patient at two institutions gets two unrelated pseudonyms."""

    key: bytes

    @classmethod
    def derive(cls, secret: bytes, institution: str) -> "InstitutionKey":
        """From the site's secret (at least 32 bytes) and the institution's lasting identifier.

        Raises:
            ValueError: the secret is too short to protect anything, or no institution is named.
        """
        if len(secret) < MINIMUM_SECRET:
            raise ValueError(f"the secret has {len(secret)} bytes; at least {MINIMUM_SECRET} are needed")
        if not institution:
            raise ValueError("no institution is named")
        return cls(hmac.digest(secret, b"de-identification/1\0" + institution.encode(), hashlib.sha256))

    def __repr__(self) -> str:
        return "InstitutionKey(…)"

    def digest(self, purpose: str, *parts: str) -> bytes:
        """32 bytes for these parts; no two lists of parts run together."""
        framed = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in (purpose, *parts))
        return hmac.digest(self.key, framed, hashlib.sha256)

    def uid(self, old: str) -> str:
        """The UID to put in an old one's place, as PS3.5 B.2 makes them from a UUID.

        Equal UIDs get equal new ones, so references stay whole. What the standard itself registers (SOP classes,
        transfer syntaxes, well-known frames of reference) names no patient and stays as it is.
        """
        old = old.strip(" \0")
        if not old or old in UID_dictionary:
            return old
        return f"2.25.{uuid.UUID(bytes=self.digest('uid', old)[:16], version=4).int}"

    def pseudonym(self, patient: tuple[str, ...]) -> str:
        """Sixteen letters and digits that stand for the patient."""
        return base64.b32encode(self.digest("patient", *patient)[:10]).decode()

    def date_shift(self, patient: tuple[str, ...]) -> int:
        """By how many days this patient's dates go back: one to ten years, the same in all their images."""
        low, high = _SHIFT_RANGE
        return low + int.from_bytes(self.digest("date shift", *patient)[:8], "big") % (high - low)
