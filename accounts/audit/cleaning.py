"""What may stand in an event: printable text of bounded length, and nothing that opens a door.

A line break in a name would forge a row wherever the trail is read line by line, a NUL cannot be stored at all, and a
password or token that a caller passes by mistake would stay here for years.
"""

import re
from typing import Any

TEXT_LENGTH = 1000
MOST_ENTRIES = 200
DEPTH = 4
LEFT_OUT = "[left out]"
# C0, DEL, C1, and Unicode's own line and paragraph ends, marks that turn the reading direction, and lone surrogates.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SECRET = re.compile(
    r"passw|passphrase|secret|token|authorization|cookie|csrf|session_?key|private_?key|(^|_)otp($|_)|pixel|(^|_)data($|_)",
    re.IGNORECASE,
)


def clean(text: str) -> str:
    """The text with a visible mark in place of each control character."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def clean_detail(detail: dict[str, Any]) -> dict[str, Any]:
    """The detail as JSON can hold it, without control characters, secrets or pictures."""
    cleaned: dict[str, Any] = _cleaned(detail, DEPTH)
    return cleaned


def _cleaned(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        # NaN and the infinities are no JSON.
        return value if abs(value) < float("inf") else str(value)
    if isinstance(value, bytes | bytearray | memoryview) or depth == 0:
        return LEFT_OUT
    if isinstance(value, dict):
        return {
            clean(str(key))[:100]: LEFT_OUT if _SECRET.search(str(key)) else _cleaned(item, depth - 1)
            for key, item in list(value.items())[:MOST_ENTRIES]
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_cleaned(item, depth - 1) for item in list(value)[:MOST_ENTRIES]]
    return clean(str(value))[:TEXT_LENGTH]
