"""Sources, sets and downloads, as the database has them."""

from django.contrib import admin

from accounts.admin_site import ReadOnlyAdmin
from synthesis.models import Download, PublishedFile, SourceDataset, SyntheticSet


@admin.register(SourceDataset)
class SourceDatasetAdmin(ReadOnlyAdmin):
    """Sources, without what they or their uploads are called."""

    shown = ("public_id", "kind", "status", "consent_basis", "records", "added_by", "added_at")


@admin.register(SyntheticSet)
class SyntheticSetAdmin(ReadOnlyAdmin):
    """Orders and sets."""

    shown = ("public_id", "title", "kind", "architecture", "stage", "ordered_by", "decided_by", "ordered_at")


@admin.register(PublishedFile)
class PublishedFileAdmin(ReadOnlyAdmin):
    """What was published."""

    institution_path = "set__institution"
    shown = ("set", "kind", "bytes", "sha256")


@admin.register(Download)
class DownloadAdmin(ReadOnlyAdmin):
    """Who took what."""

    institution_path = "set__institution"
    shown = ("set", "person", "at")
