"""The key that signs digests, and the keys that may have signed them."""

import base64
from hashlib import sha256

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings


def private_key() -> Ed25519PrivateKey:
    """The key that signs now."""
    return Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(settings.AUDIT_SIGNING_KEY))


def public_keys() -> list[Ed25519PublicKey]:
    """The keys whose signatures are believed: the present one, then those of earlier signing keys."""
    earlier = [
        Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key)) for key in settings.AUDIT_EARLIER_PUBLIC_KEYS
    ]
    return [private_key().public_key(), *earlier]


def raw(key: Ed25519PublicKey) -> bytes:
    """The key's 32 bytes."""
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def key_id(key: Ed25519PublicKey) -> str:
    """Sixteen hexadecimal digits of the SHA-256 of the key's 32 bytes."""
    return sha256(raw(key)).hexdigest()[:16]


def pem(key: Ed25519PublicKey) -> str:
    """The key as other programs read it."""
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(encoding, form).decode()
