"""`manage.py create_buckets`: makes the object store's buckets that are not there yet."""

from typing import Any

from botocore.exceptions import ClientError
from django.core.files.storage import storages
from django.core.management import BaseCommand
from storages.backends.s3 import S3Storage


class Command(BaseCommand):
    """One bucket per storage alias; the audit bucket with object lock, which cannot be switched on later."""

    help = "Make the object store's buckets (phi, synthetic, audit) that are not there yet."

    def handle(self, *args: Any, **options: Any) -> None:
        for alias in ("phi", "synthetic", "audit"):
            storage = storages[alias]
            if isinstance(storage, S3Storage):
                made = _make(storage, locked=alias == "audit")
                self.stdout.write(f"{storage.bucket_name}: {'made' if made else 'is there'}")
            else:
                self.stdout.write(f"{alias}: a folder, made when first written to")


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
