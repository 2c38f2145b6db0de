"""A database from its URL."""

from pathlib import Path
from typing import Any

import environ

from webapp.settings.embedded import sqlite


def from_url(url: str) -> dict[str, Any]:
    """Django's settings for a `postgres://` or `sqlite:///` URL."""
    parsed: dict[str, Any] = environ.Env.db_url_config(url)
    if parsed["ENGINE"].endswith("sqlite3"):
        return sqlite(Path(parsed["NAME"]))
    return parsed
