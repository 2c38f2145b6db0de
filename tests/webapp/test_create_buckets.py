"""`manage.py create_buckets` says what the audit storage cannot do."""

import io
from pathlib import Path

from django.core.management import call_command
from django.test import override_settings

from webapp.storage import aliases


def test_a_folder_is_said_to_lock_nothing(tmp_path: Path) -> None:
    told, warned = io.StringIO(), io.StringIO()
    with override_settings(STORAGES=aliases(tmp_path.as_uri())):
        call_command("create_buckets", stdout=told, stderr=warned)
    assert told.getvalue().splitlines() == [
        f"{alias}: a folder, made when first written to" for alias in ("phi", "synthetic", "audit")
    ]
    assert "audit: what is written here cannot be locked" in warned.getvalue()
