"""Three storage aliases, one per sensitivity, in folders or in an object store.

`phi` holds what patients gave and never hands out a URL; `synthetic` gives signed, expiring URLs; `audit` is
written once. `STORAGE_URL` says where they live:

- `file:///folder`
- `s3://PREFIX?endpoint_url=…&region=…`, any S3-compatible store; with `&links=site` one that browsers cannot reach, so
  that the site signs the links itself and passes the files on
- `gs://PREFIX?credentials_file=…`, Google Cloud Storage
- `azure://ACCOUNT/PREFIX?key_file=…`, Azure Blob Storage

Buckets and containers are PREFIX-phi, PREFIX-synthetic and PREFIX-audit.
"""

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage
from storages.backends.s3 import S3Storage

from webapp.unlinked import NeverGivesUrl

SIGNED_URL_SECONDS = 15 * 60
_IN_MEMORY = 8 * 2**20  # of a released file that the site reads; more of it goes to the disk
_RELEASED = {"store": "webapp.synthetic_storage.SyntheticBucket", "site": "webapp.synthetic_storage.InnerBucket"}


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
        ImproperlyConfigured: the URL's scheme is none of the four, or a part is missing.
    """
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    match parts.scheme:
        case "file":
            stores = _folders(unquote(parts.path))
        case "s3":
            stores = _buckets(parts.netloc, query, access_key, secret_key)
        case "gs":
            stores = _google_buckets(parts.netloc, query)
        case "azure":
            stores = _containers(parts.netloc, parts.path.strip("/"), query)
        case scheme:
            raise ImproperlyConfigured(
                f"STORAGE_URL: expected s3://…, gs://…, azure://… or file:///…, got {scheme or url!r}."
            )
    # Nothing may be saved without naming its sensitivity, so the default is the strictest.
    return {**stores, "default": stores["phi"], "staticfiles": {"BACKEND": static_backend}}


def _folders(path: str) -> dict[str, Any]:
    def folder(alias: str, backend: str, mode: int = 0o600) -> dict[str, Any]:
        return {
            "BACKEND": backend,
            "OPTIONS": {
                "location": f"{path}/{alias}",
                "file_permissions_mode": mode,
                "directory_permissions_mode": 0o700,
            },
        }

    return {
        "phi": folder("phi", "webapp.storage.PhiFolder"),
        "synthetic": folder("synthetic", "webapp.synthetic_storage.SyntheticFolder"),
        "audit": folder("audit", "webapp.audit_storage.AuditFolder", 0o400),
    }


def _buckets(prefix: str, query: dict[str, str], access_key: str, secret_key: str) -> dict[str, Any]:
    if not prefix or not access_key or not secret_key:
        raise ImproperlyConfigured(
            "STORAGE_URL: s3:// needs a bucket prefix, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY."
        )
    from botocore.config import Config  # noqa: PLC0415 slow to import, and a demo in folders never needs it

    endpoint = query.get("endpoint_url", "")
    # Stores other than Amazon's own reject the newer default checksums.
    checksums = "when_required" if endpoint else "when_supported"
    options = {
        "access_key": access_key,
        "secret_key": secret_key,
        "endpoint_url": endpoint or None,
        "region_name": query.get("region", "us-east-1"),
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

    released = _RELEASED.get(query.get("links", "store"))
    if released is None:
        raise ImproperlyConfigured(f"STORAGE_URL: links={query['links']}: expected store or site.")

    def bucket(alias: str, backend: str, **more: Any) -> dict[str, Any]:
        return {"BACKEND": backend, "OPTIONS": {**options, **more, "bucket_name": f"{prefix}-{alias}"}}

    return {
        "phi": bucket("phi", "webapp.storage.PhiBucket"),
        "synthetic": bucket("synthetic", released, max_memory_size=_IN_MEMORY),
        "audit": bucket("audit", "webapp.audit_storage.AuditBucket"),
    }


def _google_buckets(prefix: str, query: dict[str, str]) -> dict[str, Any]:
    if not prefix or not query.get("credentials_file"):
        raise ImproperlyConfigured("STORAGE_URL: gs:// needs a bucket prefix and ?credentials_file=….")
    from webapp import google_storage  # noqa: PLC0415 slow to import, and other stores never need it

    options = google_storage.options(query["credentials_file"], SIGNED_URL_SECONDS)

    def bucket(alias: str, name: str) -> dict[str, Any]:
        return {
            "BACKEND": f"webapp.google_storage.{name}",
            "OPTIONS": {**options, "bucket_name": f"{prefix}-{alias}"},
        }

    return {
        "phi": bucket("phi", "PhiGoogleBucket"),
        "synthetic": bucket("synthetic", "SyntheticGoogleBucket"),
        "audit": bucket("audit", "AuditGoogleBucket"),
    }


def _containers(account: str, prefix: str, query: dict[str, str]) -> dict[str, Any]:
    if not account or not prefix or not query.get("key_file"):
        raise ImproperlyConfigured("STORAGE_URL: azure:// needs ACCOUNT/PREFIX and ?key_file=….")
    from webapp import azure_storage  # noqa: PLC0415 slow to import, and other stores never need it

    suffix = query.get("endpoint_suffix", "core.windows.net")
    options = azure_storage.options(account, query["key_file"], suffix, SIGNED_URL_SECONDS)

    def container(alias: str, name: str) -> dict[str, Any]:
        return {
            "BACKEND": f"webapp.azure_storage.{name}",
            "OPTIONS": {**options, "azure_container": f"{prefix}-{alias}"},
        }

    return {
        "phi": container("phi", "PhiContainer"),
        "synthetic": container("synthetic", "SyntheticContainer"),
        "audit": container("audit", "AuditContainer"),
    }
