"""`manage.py create_buckets`: makes the object store's buckets that are not there yet."""

from typing import Any

from botocore.exceptions import ClientError
from django.core.files.storage import storages
from django.core.management import BaseCommand
from storages.backends.s3 import S3Storage

NO_LOCK = (
    "audit: what is written here cannot be locked. Whoever holds the store's keys, or owns the folder, can remove "
    "digests, which `manage.py verify_audit` then finds missing. docs/deploy.md says how to get a lock."
)


class Command(BaseCommand):
    """One bucket per storage alias; the audit bucket with object lock, which cannot be switched on later."""

    help = "Make the object store's buckets (phi, synthetic, audit) that are not there yet, and look at their locks."

    def handle(self, *args: Any, **options: Any) -> None:
        for alias in ("phi", "synthetic", "audit"):
            storage: Any = storages[alias]
            if isinstance(storage, S3Storage):
                self._tell(storage.bucket_name, made=_make(storage, locked=alias == "audit"))
            elif hasattr(storage, "make_once"):
                name = getattr(storage, "bucket_name", "") or storage.azure_container
                self._tell(name, made=storage.make_once(locked=alias == "audit"))
            else:
                self.stdout.write(f"{alias}: a folder, made when first written to")
        if not getattr(storages["audit"], "locks", False):
            self.stderr.write(NO_LOCK)

    def _tell(self, name: str, *, made: bool) -> None:
        self.stdout.write(f"{name}: {'made' if made else 'is there'}")


def _make(storage: S3Storage, *, locked: bool) -> bool:
    client = storage.connection.meta.client
    try:
        client.head_bucket(Bucket=storage.bucket_name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"404", "NoSuchBucket"}:
            raise
    else:
        return False
    region = storage.region_name
    # Amazon refuses its own default region as a constraint, and any other region without one.
    constraint = {"LocationConstraint": region} if region and region != "us-east-1" else None
    client.create_bucket(
        Bucket=storage.bucket_name,
        ObjectLockEnabledForBucket=locked,
        **({"CreateBucketConfiguration": constraint} if constraint else {}),
    )
    return True
