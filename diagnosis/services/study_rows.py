"""The rows of one stored file: its patient, study, series, instance and case, within the uploader's institution."""

from dataclasses import dataclass

from accounts.models import Institution, User
from diagnosis.models import Case, Instance, Patient, Series, Study
from ml.dicom.inspection import Inspection
from ml.dicom.levels import Header, PatientHeader

OTHER_PATIENT = (
    "The file names another patient than the study that it belongs to. Check both before it is used; until then no "
    "model reads it."
)
IN_REVIEW = "It waits for a person's review."
NOT_AN_IMAGE = "It is no image of a patient."
DIFFERS = "Another file with the same SOP Instance UID and other content came first; that one is read."


@dataclass(frozen=True)
class NewInstance:
    """What is known of a file before its rows are written."""

    institution: Institution
    user: User
    header: Header
    inspection: Inspection
    sha256: str
    source_sha256: str
    size: int
    unread_reason: str
    quarantine: str
    is_deidentified: bool


def study_of(new: NewInstance) -> tuple[Study, bool]:
    """The study, made if it is not there yet, and whether the file names the patient whose study it is."""
    header = new.header
    identity = _identity(header.patient, header.study.uid)
    study = Study.objects.filter(institution=new.institution, uid=header.study.uid).select_related("patient").first()
    if study is not None:
        return study, study.patient.identity == identity
    patient, _ = Patient.objects.get_or_create(
        institution=new.institution,
        identity=identity,
        defaults={
            "patient_id": header.patient.patient_id,
            "issuer": header.patient.issuer,
            "name": header.patient.name,
            "birth_date": header.patient.birth_date,
            "sex": header.patient.sex,
        },
    )
    study, _ = Study.objects.get_or_create(
        institution=new.institution,
        uid=header.study.uid,
        defaults={
            "patient": patient,
            "date": header.study.date,
            "time": header.study.time[:16],
            "description": header.study.description,
            "accession_number": header.study.accession_number,
            "is_deidentified": new.is_deidentified,
        },
    )
    return study, study.patient_id == patient.pk


def add_instance(instance: Instance, new: NewInstance, *, first: Instance | None) -> Instance:
    """Writes the instance's row and whatever rows stand above it. Call it inside a transaction.

    `first` came in before under the same SOP Instance UID with other bytes.

    Raises:
        IntegrityError: another request stored the same file at the same moment.
    """
    header, inspection = new.header, new.inspection
    study, is_same_patient = study_of(new)
    series, _ = Series.objects.get_or_create(
        study=study,
        uid=header.series.uid,
        defaults={
            "number": header.series.number,
            "modality": header.series.modality,
            "description": header.series.description,
            "body_part": header.series.body_part,
            "laterality": header.series.laterality,
        },
    )
    # What is known need not be read again.
    study.institution = new.institution
    series.study = study
    reason = new.quarantine or ("" if is_same_patient else OTHER_PATIENT)
    instance.institution = new.institution
    instance.series = series
    instance.uid = header.instance.uid
    instance.differs_from = first
    instance.kind = kind_of(inspection)
    instance.kept_as = inspection.code
    instance.state = Instance.State.QUARANTINED if reason else Instance.State.READY
    instance.state_reason = reason
    instance.number = header.instance.number
    instance.laterality = header.instance.laterality or header.series.laterality
    instance.view_position = header.instance.view_position[:16]
    instance.header = header.as_dict()["instance"]
    instance.frame_set = inspection.frames.as_dict() if inspection.frames else None
    instance.format = inspection.format
    instance.bytes = new.size
    instance.sha256 = new.sha256
    instance.source_sha256 = new.source_sha256
    instance.warnings = [{"code": remark.code, "message": remark.message} for remark in inspection.warnings]
    instance.created_by = new.user
    if instance.kind != Instance.Kind.IMAGE:
        instance.reading, instance.reading_reason = Instance.Reading.NOT_READ, NOT_AN_IMAGE
    elif first is not None:
        instance.reading, instance.reading_reason = Instance.Reading.NOT_READ, DIFFERS
    elif reason:
        instance.reading, instance.reading_reason = Instance.Reading.NOT_READ, IN_REVIEW
    else:
        instance.reading = Instance.Reading.NOT_READ if new.unread_reason else Instance.Reading.WAITING
        instance.reading_reason = new.unread_reason
    instance.save(force_insert=True)
    return instance


def case_of(study: Study, user: User) -> Case:
    """The study's case on the worklist, made with its first image."""
    case, _ = Case.objects.get_or_create(
        study=study,
        defaults={
            "institution": study.institution,
            "kind": Case.Kind.IMAGING,
            "reference": study.patient.patient_id,
            "created_by": user,
        },
    )
    study.case = case
    return case


def kind_of(inspection: Inspection) -> str:
    """An image, something drawn from images (a segmentation, a dose), or no picture at all."""
    if inspection.status == "image":
        return Instance.Kind.IMAGE
    return Instance.Kind.DERIVED if inspection.frames else Instance.Kind.DOCUMENT


def _identity(patient: PatientHeader, study_uid: str) -> str:
    """What tells one patient from another at an institution.

    The same number from two issuers is two people. A missing number says nothing, so the study stands for the patient.
    """
    if not patient.patient_id:
        return f"study {study_uid}"
    return f"{patient.patient_id}\n{patient.issuer}"[:200]
