"""The test suite: SQLite and folders; DATABASE_URL runs it on PostgreSQL. Tasks run when a test says so."""

import tempfile
from pathlib import Path

from webapp.settings import env
from webapp.settings.base import *
from webapp.settings.databases import from_url
from webapp.settings.embedded import embedded
from webapp.storage import aliases

SECRET_KEY = "test-only-key-0123456789-0123456789-0123456789-0123456789"  # noqa: S105 tests hold no secrets
DEBUG = False
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Nothing collects static files here: WhiteNoise serves them from where they were built.
WHITENOISE_USE_FINDERS = True

globals().update(embedded(Path(env.read("VAR_DIR") or tempfile.mkdtemp(prefix="lobule-test-"))))
if env.read("DATABASE_URL"):
    DATABASES = {"default": from_url(env.read("DATABASE_URL"))}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STORAGES = aliases(globals()["STORAGE_URL"])
