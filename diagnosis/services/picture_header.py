"""Headers for pictures (PNG, JPEG, TIFF), which say nothing of patient or study: the person who sends them does."""

import uuid

from diagnosis.models import Upload
from ml.dicom.frames import FrameSet
from ml.dicom.levels import Header, InstanceHeader, PatientHeader, SeriesHeader, StudyHeader

# Secondary Capture: the class that DICOM gives to pictures of unknown making.
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def picture_header(upload: Upload, *, sha256: str, frames: FrameSet, picture_format: str) -> Header:
    """A header of our own making.

    The same bytes sent again by the same institution for the same patient get the same UIDs, so they are known as a
    duplicate; pictures of one upload make one study.
    """
    scope = f"{upload.institution.public_id}/{upload.reference or upload.public_id}"
    study = _uid(f"study/{scope}/{upload.stated_modality}/{upload.created_at:%Y%m%d}")
    return Header(
        patient=PatientHeader(patient_id=upload.reference, issuer="", name="", birth_date="", sex=""),
        study=StudyHeader(
            uid=study, date=f"{upload.created_at:%Y%m%d}", time="", description="Uploaded pictures", accession_number=""
        ),
        series=SeriesHeader(
            uid=_uid(f"series/{study}"),
            number=1,
            modality=upload.stated_modality,
            description=f"{picture_format.upper()} pictures",
            body_part=upload.stated_body_part,
            laterality="",
        ),
        instance=InstanceHeader(
            uid=_uid(f"instance/{scope}/{sha256}"),
            sop_class_uid=SECONDARY_CAPTURE,
            sop_class_name=f"{picture_format.upper()} picture",
            transfer_syntax_uid="",
            transfer_syntax_name=picture_format.upper(),
            number=None,
            rows=frames.rows,
            columns=frames.columns,
            frames=frames.frames,
            photometric=frames.photometric,
            bits_allocated=frames.numpy_dtype.itemsize * 8,
            bits_stored=frames.bits_stored,
            is_signed=False,
            laterality="",
            view_position="",
            burned_in_annotation="",
            image_type=("DERIVED", "SECONDARY"),
            conversion_type="WSD",
            patient_orientation=(),
            lossy=picture_format == "jpeg",
        ),
    )


def _uid(name: str) -> str:
    """A UUID-derived UID (PS3.5 B.2) that is always the same for the same name."""
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, name).int}"
