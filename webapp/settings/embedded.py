"""Parts that need no server: SQLite, folders as buckets, messages as files."""

from pathlib import Path
from typing import Any

from jobs.celery_settings import filesystem_transport


def sqlite(path: Path) -> dict[str, Any]:
    """A SQLite database in WAL mode whose writers wait for each other instead of failing."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            "timeout": 30,
            # A read that later writes cannot be upgraded safely under WAL: take the write lock at the start.
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        },
    }


def embedded(var_dir: Path) -> dict[str, Any]:
    """Settings for a site whose whole state lives in `var_dir`."""
    # Static files are served from where the front end was built; WhiteNoise wants to see the other folder as well.
    (var_dir / "static").mkdir(parents=True, exist_ok=True)
    return {
        "VAR_DIR": var_dir,
        "STATIC_ROOT": var_dir / "static",
        "WHITENOISE_USE_FINDERS": True,
        "DATABASES": {"default": sqlite(var_dir / "lobule.sqlite3")},
        "CACHES": {
            "default": {
                "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
                "LOCATION": var_dir / "cache",
            }
        },
        "UPLOAD_SPOOL_DIR": var_dir / "arriving",
        "STORAGE_URL": (var_dir / "buckets").resolve().as_uri(),
        **filesystem_transport(var_dir / "messages"),
    }
