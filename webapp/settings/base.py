"""What every deployment shares."""

from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF

from webapp.settings import env
from webapp.settings.audit import *
from webapp.settings.sign_in import *

BASE_DIR = Path(__file__).resolve().parents[2]
VERSION = "0.1.0"

INSTALLED_APPS = [
    "webapp",
    "accounts",
    "accounts.sso",
    "jobs",
    "diagnosis",
    "synthesis",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "webapp.admin.LobuleAdminConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "rest_framework",
    "knox",
    "drf_spectacular",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.rates.AddressRateMiddleware",
    "accounts.middleware.AuditContextMiddleware",
    "accounts.middleware.NoStoreMiddleware",
    "accounts.sign_in.gate.SecondFactorMiddleware",
    "accounts.sign_in.expiry.SessionExpiryMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "webapp.urls"
WSGI_APPLICATION = "webapp.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "webapp.context_processors.site",
            ],
        },
    },
]

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.sign_in.tokens.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.Denied"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "webapp.api.pagination.Pagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "webapp.api.schema.ScopedAutoSchema",
    "EXCEPTION_HANDLER": "webapp.api.problems.problem_json_handler",
    "DEFAULT_THROTTLE_CLASSES": ["accounts.rates.PerPerson"],
    "NUM_PROXIES": PROXY_COUNT,
}
# Requests a minute, by the views' `throttle_scope`.
API_RATES: dict[str, dict[str, int]] = {
    "api": {"person": 3_000, "address": 12_000},
    "uploads": {"person": 30_000, "address": 60_000},
    "sign-in": {"address": 60},
}
REST_KNOX = {"TOKEN_TTL": timedelta(hours=12), "AUTH_HEADER_PREFIX": "Bearer", "TOKEN_PREFIX": "lobule_"}
KNOX_TOKEN_MODEL = "accounts.ApiToken"  # noqa: S105 a model
# Knox's migrations would make a table for its own model, which nothing uses.
MIGRATION_MODULES = {"knox": None}
SPECTACULAR_SETTINGS = {
    "TITLE": "Lobule API",
    "DESCRIPTION": (
        "Breast-cancer second reader. Not a certified medical device: every answer names the data the model was "
        "trained on, and an input unlike that data is refused with the reason."
    ),
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "JobStatusEnum": "jobs.models.JobStatus",
        "PredictionStatusEnum": "diagnosis.models.prediction.Prediction.Status",
        "FileStatusEnum": "diagnosis.models.upload.UploadedFile.Status",
        "SourceStatusEnum": "synthesis.models.source_dataset.SourceDataset.Status",
        "DataKindEnum": "synthesis.models.choices.Kind",
    },
}

# Security headers
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

# Uploads: one FNA table at a time, held in memory only up to this size; images go through files.
DATA_UPLOAD_MAX_MEMORY_SIZE = 60 * 1024 * 1024
FNA_UPLOAD_MAX_BYTES = 50 * 1024 * 1024
UPLOAD_SPOOL_DIR = BASE_DIR / "var" / "arriving"
IMAGE_UPLOAD_MAX_BYTES = 2 * 1024**3
IMAGE_UPLOAD_MAX_AGE = timedelta(hours=24)

# Jobs
JOB_LEASE_SECONDS = 60
CELERY_TASK_DEFAULT_QUEUE = "clinical"
SYNTHESIS_QUEUE = "synthesis"  # of workers of its own: training takes minutes, and no patient waits behind it
# A worker's process loads its model before it reports for work, which takes seconds on a busy machine.
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 120

# Language, time
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# Static files
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "build" / "static"
STATICFILES_DIRS = [BASE_DIR / "static" / "dist"]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DEFAULT_FROM_EMAIL = env.read("DEFAULT_FROM_EMAIL")
SHOW_DEMO_SIGN_INS = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"withheld": {"()": "webapp.logs.WithheldFilter"}},
    "formatters": {
        "line": {
            "()": "webapp.logs.ValuelessFormatter",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["withheld"]}},
    "root": {"handlers": ["console"], "level": env.read("LOG_LEVEL")},
    "loggers": {
        "django.server": {"level": "WARNING"},
        # Without a handler of their own, so that the root's is the only one that writes.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # At DEBUG it prints every statement with its values.
        "django.db.backends": {"level": "INFO"},
        # It says who signs in and from where; the audit trail does that.
        "axes": {"level": "WARNING"},
    },
}
