"""What a DICOMDIR in an upload lists, and which of it did not come."""

from pathlib import Path
from typing import Any

from diagnosis.models import Upload, UploadedFile
from ml.dicom.dicomdir import listed_files, missing_files
from ml.dicom.outcomes import Refusal

LISTED = "listed_files"
Status = UploadedFile.Status


def remark_on_directory(*, file: UploadedFile, path: Path) -> None:
    """Keeps the list of a DICOMDIR that was just taken in."""
    try:
        listed = listed_files(path)
    except Refusal:
        return
    file.warnings = [*file.warnings, {"code": LISTED, "message": _words(len(listed)), "files": list(listed)}]
    file.save(update_fields=["warnings"])


def missing_from_disc(*uploads: Upload) -> tuple[str, ...]:
    """The files that the uploads' DICOMDIR lists and that came with none of them, or were refused."""
    files = UploadedFile.objects.filter(upload__in=uploads)
    directories = files.filter(status=Status.KEPT, code="directory").values_list("warnings", flat=True)
    listed = [name for warnings in directories for name in _listed(warnings)]
    if not listed:
        return ()
    arrived = files.exclude(status__in=[Status.RECEIVING, Status.REFUSED]).values_list("name", flat=True)
    return missing_files(dict.fromkeys(listed), arrived)


def _listed(warnings: list[dict[str, Any]]) -> list[str]:
    return [name for warning in warnings if warning["code"] == LISTED for name in warning["files"]]


def _words(count: int) -> str:
    return f"The DICOMDIR lists {count:,} file{'' if count == 1 else 's'}."
