"""Three storage aliases, one per sensitivity, in folders or in an S3-compatible store.

`phi` holds what patients gave and never hands out a URL; `synthetic` gives signed, expiring URLs; `audit` is
written once. `STORAGE_URL` says where they live: `file:///folder` or `s3://PREFIX?endpoint_url=…&region=…`.
"""

from typing import Any, NoReturn
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured, SuspiciousFileOperation
from django.core.files.storage import FileSystemStorage
from storages.backends.s3 import S3Storage

SIGNED_URL_SECONDS = 15 * 60


class NeverGivesUrl:
    """Refuses `.url()`: objects with patients' data are read by the server and shown to whoever may see them."""

    def url(self, name: str | None, *args: Any, **kwargs: Any) -> NoReturn:
        raise SuspiciousFileOperation("This storage holds patients' data and never gives a URL.")


class PhiFolder(NeverGivesUrl, FileSystemStorage):
    """Patients' data in a folder."""


class PhiBucket(NeverGivesUrl, S3Storage):
    """Patients' data in a bucket."""


def aliases(
    url: str,
    *,
    access_key: str = "",
    secret_key: str = "",
    static_backend: str = "django.contrib.staticfiles.storage.StaticFilesStorage",
) -> dict[str, Any]:
    """Django's `STORAGES` for a storage URL.

    Raises:
        ImproperlyConfigured: the URL's scheme is neither `file` nor `s3`, or a part is missing.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        stores = _folders(unquote(parts.path))
    elif parts.scheme == "s3":
        stores = _buckets(parts.netloc, parse_qs(parts.query), access_key, secret_key)
    else:
        raise ImproperlyConfigured(f"STORAGE_URL: expected s3://… or file:///…, got {parts.scheme or url!r}.")
    # Nothing may be saved without naming its sensitivity, so the default is the strictest.
    return {**stores, "default": stores["phi"], "staticfiles": {"BACKEND": static_backend}}


def _folders(path: str) -> dict[str, Any]:
    def folder(alias: str, backend: str) -> dict[str, Any]:
        return {
            "BACKEND": backend,
            "OPTIONS": {
                "location": f"{path}/{alias}",
                "file_permissions_mode": 0o600,
                "directory_permissions_mode": 0o700,
            },
        }

    plain = "django.core.files.storage.FileSystemStorage"
    return {
        "phi": folder("phi", "webapp.storage.PhiFolder"),
        "synthetic": folder("synthetic", plain),
        "audit": folder("audit", plain),
    }


def _buckets(prefix: str, query: dict[str, list[str]], access_key: str, secret_key: str) -> dict[str, Any]:
    if not prefix or not access_key or not secret_key:
        raise ImproperlyConfigured(
            "STORAGE_URL: s3:// needs a bucket prefix, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY."
        )
    from botocore.config import Config  # noqa: PLC0415 slow to import, and a demo in folders never needs it

    endpoint = query.get("endpoint_url", [""])[0]
    # Stores other than Amazon's own reject the newer default checksums.
    checksums = "when_required" if endpoint else "when_supported"
    options = {
        "access_key": access_key,
        "secret_key": secret_key,
        "endpoint_url": endpoint or None,
        "region_name": query.get("region", ["us-east-1"])[0],
        "default_acl": None,
        "querystring_auth": True,
        "querystring_expire": SIGNED_URL_SECONDS,
        "file_overwrite": False,
        "client_config": Config(
            signature_version="s3v4",
            s3={"addressing_style": "path" if endpoint else "auto"},
            request_checksum_calculation=checksums,
            response_checksum_validation=checksums,
            connect_timeout=5,
            read_timeout=30,
            retries={"max_attempts": 4, "mode": "standard"},
        ),
    }

    def bucket(alias: str, backend: str) -> dict[str, Any]:
        return {"BACKEND": backend, "OPTIONS": {**options, "bucket_name": f"{prefix}-{alias}"}}

    s3 = "storages.backends.s3.S3Storage"
    return {
        "phi": bucket("phi", "webapp.storage.PhiBucket"),
        "synthetic": bucket("synthetic", s3),
        "audit": bucket("audit", s3),
    }
