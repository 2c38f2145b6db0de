"""Bytes on disk."""

from __future__ import annotations

from pathlib import Path


def stored_bytes(path: Path) -> int:
    """What the files at or below `path` hold; 0 where nothing is there."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
