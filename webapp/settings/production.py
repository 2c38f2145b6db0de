"""Production: PostgreSQL, Redis, object storage, TLS. Refuses to start when anything it needs is missing."""

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from jobs.celery_settings import redis_transport
from webapp.settings import env
from webapp.settings.base import *
from webapp.settings.databases import from_url
from webapp.storage import aliases

if missing := env.missing_in_production():
    raise ImproperlyConfigured(
        "Set these environment variables (or NAME_FILE for a file that holds the value): " + ", ".join(missing)
    )

DEBUG = False
SECRET_KEY = env.read("SECRET_KEY")
if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY: expected 50 or more random characters.")
DEIDENTIFICATION_KEY = env.read("DEIDENTIFICATION_KEY")
if len(DEIDENTIFICATION_KEY) < 50:
    raise ImproperlyConfigured("DEIDENTIFICATION_KEY: expected 50 or more random characters.")
MFA_ENCRYPTION_KEY = env.read("MFA_ENCRYPTION_KEY")
MFA_FORMER_ENCRYPTION_KEYS = env.read("MFA_FORMER_ENCRYPTION_KEYS")
if not all(env.is_32_bytes(key) for key in MFA_FORMER_ENCRYPTION_KEYS):
    raise ImproperlyConfigured("MFA_FORMER_ENCRYPTION_KEYS: expected keys of 32 bytes in URL-safe base64, by commas.")
AUDIT_SIGNING_KEY = env.read("AUDIT_SIGNING_KEY")
for _name in ("MFA_ENCRYPTION_KEY", "AUDIT_SIGNING_KEY"):
    if not env.is_32_bytes(globals()[_name]):
        raise ImproperlyConfigured(f"{_name}: expected 32 random bytes, URL-safe base64 (44 characters).")
AUDIT_EARLIER_PUBLIC_KEYS = env.read("AUDIT_EARLIER_PUBLIC_KEYS")
if not all(env.is_32_bytes(key) for key in AUDIT_EARLIER_PUBLIC_KEYS):
    raise ImproperlyConfigured("AUDIT_EARLIER_PUBLIC_KEYS: expected keys of 32 bytes in URL-safe base64, by commas.")
UPLOAD_SPOOL_DIR = Path(env.read("UPLOAD_SPOOL_DIR"))
ALLOWED_HOSTS = env.read("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.read("CSRF_TRUSTED_ORIGINS")

DATABASES = {"default": {**from_url(env.read("DATABASE_URL")), "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}}
APP_DATABASE_URL = env.read("APP_DATABASE_URL")
REDIS_URL = env.read("REDIS_URL").rstrip("/")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": f"{REDIS_URL}/1"}}
globals().update(redis_transport(f"{REDIS_URL}/0"))
STORAGES = aliases(
    env.read("STORAGE_URL"),
    access_key=env.read("S3_ACCESS_KEY_ID"),
    secret_key=env.read("S3_SECRET_ACCESS_KEY"),
    static_backend="whitenoise.storage.CompressedManifestStaticFilesStorage",
)
globals().update(env.email_settings())

SESSION_COOKIE_NAME = "__Host-session"
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_COOKIE_SECURE = True
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 2 * 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
if env.read("BEHIND_TLS_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    PROXY_COUNT = env.read("PROXY_COUNT")
    if PROXY_COUNT < 0:
        raise ImproperlyConfigured("PROXY_COUNT: expected how many proxies stand in front, 0 or more.")
    REST_FRAMEWORK["NUM_PROXIES"] = PROXY_COUNT
