"""Images come in, one file at a time: inspected, decoded, stored, queued for reading; or refused with the reason."""

import hashlib
import tempfile
from dataclasses import replace
from pathlib import Path

from django.db import IntegrityError, transaction

from accounts import audit
from accounts.models import Action, Outcome
from diagnosis.models import Instance, Upload, UploadedFile
from diagnosis.services.deidentify import Incoming, apply_policy, stored_name
from diagnosis.services.image_objects import put_objects
from diagnosis.services.image_routing import settle_reading, why_unread
from diagnosis.services.picture_header import picture_header
from diagnosis.services.study_rows import NewInstance, add_instance, case_of
from ml.dicom.inspection import Inspection
from ml.dicom.preamble import stored_form

Status = UploadedFile.Status
# Two requests with the same file at the same moment: the loser looks again and finds a duplicate.
TRIES = 5
# A DICOMDIR belongs to no patient: it lists what else ought to have come.
DIRECTORY = "directory"


def register_file(
    *, upload: Upload, name: str, size: int, archive: UploadedFile | None = None, received: int = 0
) -> UploadedFile:
    """The row of a file that is about to arrive, or of an archive's member that is about to be stored."""
    file = UploadedFile(upload=upload, archive=archive, size=size, received=received)
    # PostgreSQL's text holds no NUL.
    file.name = stored_name(upload.institution, name.replace("\0", "")[:1000], file.public_id)
    file.save(force_insert=True)
    return file


def store_file(*, file: UploadedFile, path: Path) -> UploadedFile:
    """Takes in one file that has arrived whole at `path`; the row says afterwards what became of it.

    A bad file is an outcome, not an error: it is refused with a stable code, and nothing of it is kept but its
    SHA-256. The file at `path` is left where it is.

    Raises:
        AuditUnavailable: nothing was stored.
    """
    with tempfile.TemporaryDirectory(prefix="lobule-intake-") as name:
        folder = Path(name)
        incoming = apply_policy(
            institution=file.upload.institution,
            path=path,
            file_name=file.name,
            modality=file.upload.stated_modality,
            folder=folder,
        )
        inspection, source = incoming.inspection, incoming.source
        file.sha256, file.size, file.received = source.sha256, source.size, source.size
        file.warnings = [{"code": remark.code, "message": remark.message} for remark in inspection.warnings]
        if inspection.status == "refused":
            return refuse_file(file=file, code=inspection.code, message=inspection.message)
        if inspection.code == DIRECTORY:
            return _keep_directory(file, inspection)
        for _ in range(TRIES):
            try:
                return _store(file, incoming, folder)
            except IntegrityError as error:
                lost_race = error
        raise lost_race


@transaction.atomic
def refuse_file(*, file: UploadedFile, code: str, message: str) -> UploadedFile:
    """Writes down that a file was refused, and why."""
    file.status, file.code, file.message = Status.REFUSED, code, message
    file.save()
    audit.record(
        Action.UPLOAD,
        object_type="image-file",
        object_id=file.public_id,
        outcome=Outcome.FAILURE,
        detail={"code": code, "sha256": file.sha256},
    )
    return file


def _store(file: UploadedFile, incoming: Incoming, folder: Path) -> UploadedFile:
    inspection, path = incoming.inspection, incoming.path
    new = _describe(file, incoming, folder)
    earlier = list(Instance.objects.filter(institution=new.institution, uid=new.header.instance.uid))
    for known in earlier:
        if known.source_sha256 == new.source_sha256:
            return _settle(file, Status.DUPLICATE, known, "This very file is here already.")
    instance = Instance()
    data = stored_form(path) if _has_preamble(inspection) else path
    if isinstance(data, bytes):
        new = replace(new, sha256=hashlib.sha256(data).hexdigest(), size=len(data))
    with put_objects(instance, data=data, frames=inspection.frames, folder=folder), transaction.atomic():
        add_instance(instance, new, first=next((one for one in earlier if one.differs_from_id is None), None))
        if instance.kind == Instance.Kind.IMAGE:
            case_of(instance.series.study, new.user)
            settle_reading(instance, new.user)
        return _settle(file, _status(instance), instance, inspection.message or instance.state_reason)


@transaction.atomic
def _keep_directory(file: UploadedFile, inspection: Inspection) -> UploadedFile:
    file.status, file.code, file.message = Status.KEPT, inspection.code, inspection.message
    file.save()
    audit.record(Action.UPLOAD, object_type="image-file", object_id=file.public_id, detail={"sha256": file.sha256})
    return file


def _describe(file: UploadedFile, incoming: Incoming, folder: Path) -> NewInstance:
    inspection = incoming.inspection
    header = inspection.header
    if header is None:
        assert inspection.frames is not None  # a picture is refused unless it decodes
        header = picture_header(
            file.upload, sha256=inspection.sha256, frames=inspection.frames, picture_format=inspection.format
        )
    unread_reason = ""
    if inspection.status == "image" and inspection.frames is not None:
        unread_reason = why_unread(
            institution=file.upload.institution,
            modality=header.series.modality,
            body_part=header.series.body_part,
            frames=inspection.frames,
            folder=folder,
        )
    return NewInstance(
        institution=file.upload.institution,
        user=file.upload.created_by,
        header=header,
        inspection=inspection,
        sha256=inspection.sha256,
        source_sha256=incoming.source.sha256,
        size=inspection.size,
        unread_reason=unread_reason,
        quarantine=incoming.quarantine,
        is_deidentified=incoming.is_deidentified,
    )


def _has_preamble(inspection: Inspection) -> bool:
    return any(remark.code == "preamble_zeroed" for remark in inspection.warnings)


def _status(instance: Instance) -> str:
    if instance.differs_from_id is not None:
        return Status.CONFLICT
    if instance.state == Instance.State.QUARANTINED:
        return Status.QUARANTINED
    return Status.STORED if instance.kind == Instance.Kind.IMAGE else Status.KEPT


@transaction.atomic
def _settle(file: UploadedFile, status: str, instance: Instance, message: str) -> UploadedFile:
    file.status, file.instance, file.message = status, instance, message
    file.code = instance.kept_as if status == Status.KEPT else ""
    file.save()
    audit.record(
        Action.UPLOAD,
        object_type="image",
        object_id=instance.public_id,
        patient_pseudonym=str(instance.series.study.patient.public_id),
        detail={"status": str(status), "sha256": file.sha256},
    )
    return file
