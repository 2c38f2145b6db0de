"""Sources of synthetic data: added, released and withdrawn by administrators."""

import uuid
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files.storage import storages
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import audit
from accounts.errors import Conflict, DomainError
from accounts.models import Action, Role, User
from synthesis.models import Kind, SourceDataset, SyntheticSet
from synthesis.records import tables
from synthesis.records.problems import UnusableUpload, as_json
from synthesis.records.store import keep
from synthesis.selectors import SOURCE, made_from
from synthesis.services.leftovers import SOURCES

MODALITIES = {Kind.FNA: ("FNA",), Kind.IMAGE: ("US", "MG")}
LARGEST_ARCHIVE = 2**30
MOST_CHARACTERS = {"name": 120, "licence": 100, "consent_reference": 200, "description": 4000}


@dataclass(frozen=True)
class NewSource:
    """What is said about an upload.

    Attributes:
        kind: one of `Kind`.
        modality: "FNA" for measurements, else a DICOM modality of `MODALITIES`.
        licence: SPDX identifier or address of the licence of the records.
        consent_basis: one of `SourceDataset.Consent`.
        consent_reference: number of the vote or study, or the citation of a public data set.
    """

    name: str
    kind: str
    modality: str
    licence: str
    consent_basis: str
    consent_reference: str
    description: str = ""


@dataclass(frozen=True)
class _Kept:
    """What became of an upload."""

    records: int
    patients: int | None
    counts: dict[str, int]
    problems: list[dict[str, Any]]


def add_source(*, user: User, about: NewSource, file: "UploadedFile[Any]") -> SourceDataset:
    """Reads an upload record by record and keeps what can be used; `problems` of the source says what cannot.

    An FNA source comes as CSV or Excel in any shape that the FNA intake reads; pictures as a ZIP archive with the
    folders benign, malignant and normal, or with a manifest.csv of the columns path, label and patient. Only
    measurements, pixels, classes and group numbers are kept.

    Raises:
        PermissionDenied: the person is no administrator.
        DomainError: something that has to be said about it is missing, or nothing of the upload can be used;
            `problems` names each field, or each record.
        Conflict: the institution has a source of that name.
    """
    if user.role != Role.ADMIN:
        raise PermissionDenied
    _check(user, about)
    source = SourceDataset(
        public_id=uuid.uuid4(),
        institution=user.institution,
        added_by=user,
        **{name: str(text).strip() for name, text in vars(about).items()},
    )
    source.object_name = f"{SOURCES}/{source.public_id}"
    with TemporaryDirectory(prefix="lobule-source-") as folder:
        kept_at = Path(folder) / "kept"
        kept = (_keep_table if about.kind == Kind.FNA else _keep_pictures)(file, kept_at)
        source.records, source.patients = kept.records, kept.patients
        source.counts, source.problems = kept.counts, kept.problems
        source.sha256 = keep(kept_at, source.object_name)
    try:
        return _add(source)
    except BaseException:
        storages["phi"].delete(source.object_name)
        raise


@transaction.atomic
def release_source(*, user: User, source: SourceDataset) -> SourceDataset:
    """Lets the researchers of the institution order sets that are made from it.

    Raises:
        PermissionDenied: the person is no administrator of the institution.
        Conflict: it is released or withdrawn already.
    """
    _check_admin(user, source)
    changed = SourceDataset.objects.filter(pk=source.pk, status=SourceDataset.Status.DRAFT).update(
        status=SourceDataset.Status.RELEASED, released_by=user, released_at=timezone.now()
    )
    source.refresh_from_db()
    if not changed:
        raise Conflict(f"“{source}” is {source.get_status_display().lower()} already.", code="not_a_draft")
    detail = {
        "consent": source.consent_basis,
        "reference": source.consent_reference,
        "sha256": source.sha256,
        "records": source.records,
    }
    _record(Action.RELEASE_SOURCE, source, detail)
    return source


@transaction.atomic
def withdraw_source(*, user: User, source: SourceDataset, reason: str) -> list[SyntheticSet]:
    """Stops new orders from it, for good; returns the sets made from it that are still in use, to decide on each.

    Raises:
        PermissionDenied: the person is no administrator of the institution.
        Conflict: it is withdrawn already.
        DomainError: no reason is given.
    """
    _check_admin(user, source)
    if not reason.strip():
        raise DomainError("Say why the source is withdrawn.", code="reason_required")
    # Locked, so that an order at the same moment is either among the sets or refused.
    locked = SourceDataset.objects.select_for_update().get(pk=source.pk)
    if locked.status == SourceDataset.Status.WITHDRAWN:
        raise Conflict(f"“{source}” is withdrawn already.", code="withdrawn_already")
    SourceDataset.objects.filter(pk=source.pk).update(
        status=SourceDataset.Status.WITHDRAWN,
        withdrawn_by=user,
        withdrawn_at=timezone.now(),
        withdrawal_reason=reason.strip(),
    )
    source.refresh_from_db()
    affected = list(made_from(source))
    _record(Action.WITHDRAW_SOURCE, source, {"sets": [str(one.public_id) for one in affected]})
    return affected


def _check(user: User, about: NewSource) -> None:
    problems = [
        {"field": field, "message": message}
        for field, message in (
            ("name", "" if about.name.strip() else "Give the source a name."),
            ("kind", "" if about.kind in Kind.values else "Choose FNA measurements or images."),
            ("modality", _wrong_modality(about)),
            ("licence", "" if about.licence.strip() else "Name the licence of the records."),
            (
                "consent_basis",
                ""
                if about.consent_basis in SourceDataset.Consent.values
                else "Say on which basis the records may be used.",
            ),
            (
                "consent_reference",
                ""
                if about.consent_reference.strip()
                else "Name the vote, the study or the publication that says so: without it nobody can check.",
            ),
            *((name, _too_long(about, name)) for name in MOST_CHARACTERS),
        )
        if message
    ]
    if problems:
        raise DomainError(" ".join(problem["message"] for problem in problems), code="bad_source", problems=problems)
    if SourceDataset.objects.filter(institution=user.institution, name=about.name.strip()).exists():
        raise _name_taken(about.name.strip())


def _wrong_modality(about: NewSource) -> str:
    known = MODALITIES.get(Kind(about.kind), ()) if about.kind in Kind.values else ()
    return "" if about.modality in known or not known else f"The modality is {' or '.join(known)}."


def _too_long(about: NewSource, name: str) -> str:
    most = MOST_CHARACTERS[name]
    return f"At most {most:,} characters." if len(getattr(about, name).strip()) > most else ""


def _keep_table(file: "UploadedFile[Any]", kept_at: Path) -> _Kept:
    limit = settings.FNA_UPLOAD_MAX_BYTES
    if (file.size or 0) > limit:
        raise UnusableUpload(f"The table has more than {limit // 2**20} MB. Send it in parts.")
    records, problems = tables.read_upload(b"".join(file.chunks()), str(file.name))
    kept_at.write_bytes(tables.kept_form(records))
    return _Kept(len(records.y), None, records.counts, as_json(problems))


def _keep_pictures(file: "UploadedFile[Any]", kept_at: Path) -> _Kept:
    if (file.size or 0) > LARGEST_ARCHIVE:
        raise UnusableUpload(f"The archive has more than {LARGEST_ARCHIVE // 2**30} GB. Send several sources.")
    from synthesis.records import picture_upload  # noqa: PLC0415 brings torch, which few processes need

    archive = kept_at.with_name("upload")
    with archive.open("wb") as copy:
        _copy(file, copy)
    writer, problems = picture_upload.read_upload(archive, kept_at)
    return _Kept(sum(writer.counts.values()), writer.patients, writer.counts, as_json(problems))


def _copy(file: "UploadedFile[Any]", to: IO[bytes]) -> None:
    for chunk in file.chunks():
        to.write(chunk)


@transaction.atomic
def _add(source: SourceDataset) -> SourceDataset:
    source.full_clean(exclude={"patients"}, validate_unique=False, validate_constraints=False)
    try:
        with transaction.atomic():
            source.save(force_insert=True)
    except IntegrityError as error:
        raise _name_taken(source.name) from error
    _record(
        Action.UPLOAD,
        source,
        {"sha256": source.sha256, "records": source.records, "left_out": len(source.problems)},
    )
    return source


def _name_taken(name: str) -> Conflict:
    return Conflict(f"There is a source named “{name}” already. Choose another name.", code="source_name_taken")


def _check_admin(user: User, source: SourceDataset) -> None:
    if user.role != Role.ADMIN or user.institution_id != source.institution_id:
        raise PermissionDenied


def _record(action: Action, source: SourceDataset, detail: dict[str, Any]) -> None:
    audit.record(action, object_type=SOURCE, object_id=source.public_id, purpose="research", detail=detail)
