"""The test suite: SQLite and folders; DATABASE_URL runs it on PostgreSQL. Tasks run when a test says so."""

import atexit
import shutil
import tempfile
from pathlib import Path

from webapp.settings import env
from webapp.settings.base import *
from webapp.settings.databases import from_url
from webapp.settings.embedded import embedded
from webapp.storage import aliases

SECRET_KEY = "test-only-key-0123456789-0123456789-0123456789-0123456789"  # noqa: S105 tests hold no secrets
DEIDENTIFICATION_KEY = "test-only-key-for-identities-0123456789-0123456789-0123456789"
MFA_ENCRYPTION_KEY = "dGVzdC1vbmx5LWtleS10aGF0LXByb3RlY3RzLW5vbmU="
AUDIT_SIGNING_KEY = "dGVzdC1vbmx5LWtleS10aGF0LXNpZ25zLW5vdGhpbmc="
DEBUG = False
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _folder_for_this_run() -> str:
    folder = tempfile.mkdtemp(prefix="lobule-test-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


globals().update(embedded(Path(env.read("VAR_DIR") or _folder_for_this_run())))
if env.read("DATABASE_URL"):
    DATABASES = {"default": from_url(env.read("DATABASE_URL"))}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STORAGES = aliases(globals()["STORAGE_URL"])
