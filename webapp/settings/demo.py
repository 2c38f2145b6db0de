"""The demo: runs on a machine where nothing else runs. Never for patients' data."""

from pathlib import Path

from webapp.settings import env
from webapp.settings.base import *
from webapp.settings.embedded import embedded
from webapp.storage import aliases

SECRET_KEY = "demo-only-key-that-protects-nothing-of-worth-0123456789"  # noqa: S105 the demo holds public data only
DEIDENTIFICATION_KEY = "demo-only-key-for-identities-0123456789-0123456789-0123456789"
MFA_ENCRYPTION_KEY = "ZGVtby1vbmx5LWtleS10aGF0LXByb3RlY3RzLW5vbmU="
AUDIT_SIGNING_KEY = "ZGVtby1vbmx5LWtleS10aGF0LXNpZ25zLW5vdGhpbmc="
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = env.read("CSRF_TRUSTED_ORIGINS") or []
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
SHOW_DEMO_SIGN_INS = True
# Whoever looks around needs no authenticator; the account's page offers one, and who has set one up is asked for it.
MFA_REQUIRED = False
# A demo's worker is stopped and killed often: its jobs need not wait long to be taken up again.
JOB_LEASE_SECONDS = 15


globals().update(embedded(Path(env.read("VAR_DIR") or BASE_DIR / "var")))
STORAGES = aliases(globals()["STORAGE_URL"])
