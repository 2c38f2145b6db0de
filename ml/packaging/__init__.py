"""A released set as files: PNG, DICOM, CSV, labels, Croissant metadata, data card, checksums, archive."""

from ml.packaging.description import Kind, SetDescription
from ml.packaging.manifest import Manifest, media_type
from ml.packaging.packing import ChangedMeanwhile
from ml.packaging.pictures import package_images
from ml.packaging.sinks import FolderSink, Sink, StoredFile
from ml.packaging.table_set import package_table

__all__ = [
    "ChangedMeanwhile",
    "FolderSink",
    "Kind",
    "Manifest",
    "SetDescription",
    "Sink",
    "StoredFile",
    "media_type",
    "package_images",
    "package_table",
]
