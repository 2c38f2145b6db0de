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
UPLOAD_SPOOL_DIR = Path(env.read("UPLOAD_SPOOL_DIR"))
ALLOWED_HOSTS = env.read("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.read("CSRF_TRUSTED_ORIGINS")

DATABASES = {"default": {**from_url(env.read("DATABASE_URL")), "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}}
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
