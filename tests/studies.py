"""Studies with pictures whose every pixel is known, stored as intake stores them; no file is decoded for them."""

import io
from dataclasses import replace
from typing import Any
from uuid import uuid4

import numpy as np
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils import timezone
from numpy.typing import NDArray
from PIL import Image

from accounts.models import User
from diagnosis.models import Case, InstalledModel, Instance, Patient, Prediction, Series, Study
from jobs.models import Job, JobStatus
from ml.dicom.frames import OVERLAY, FrameSet, Window

PIXEL_MM = 0.2


def ramp(rows: int = 40, columns: int = 60, *, shift: int = 0) -> NDArray[np.uint16]:
    """Grey values that differ in every pixel: 100 × row + column + shift."""
    return (100 * np.arange(rows)[:, None] + np.arange(columns) + shift).astype(np.uint16)


def frame_set(frames: list[NDArray[Any]], **changes: Any) -> FrameSet:
    """How these frames are shown; `changes` replace fields."""
    first = frames[0]
    low, high = float(min(f.min() for f in frames)), float(max(f.max() for f in frames))
    described = FrameSet(
        rows=first.shape[0],
        columns=first.shape[1],
        frames=len(frames),
        samples=1 if first.ndim == 2 else 3,
        dtype=first.dtype.name,
        photometric="MONOCHROME2" if first.ndim == 2 else "RGB",
        bits_stored=8 * first.dtype.itemsize,
        slope=1.0,
        intercept=0.0,
        units="",
        windows=(Window((low + high) / 2, max(high - low, 1), "Computed"),),
        voi_luts=(),
        minimum=low,
        maximum=high,
        padding=None,
        spacing=(PIXEL_MM, PIXEL_MM),
        spacing_source="PixelSpacing",
        aspect=1.0,
        frame_ms=None,
        regions=(),
        overlays=False,
        files=tuple(f"{number:04d}.raw" for number in range(1, len(frames) + 1)),
    )
    return replace(described, **changes)


def store_study(user: User, *, name: str = "DOE^JANE", patient_id: str = "P-1", **fields: Any) -> Study:
    """An empty study of a patient at the user's institution, with its case."""
    patient, _ = Patient.objects.get_or_create(
        institution=user.institution,
        identity=patient_id,
        defaults={"patient_id": patient_id, "name": name, "birth_date": "19620314", "sex": "F"},
    )
    values = {"date": "20260301", "time": "101500", "description": "Breast, both sides"} | fields
    study = Study.objects.create(institution=user.institution, patient=patient, uid=f"2.25.{uuid4().int}", **values)
    Case.objects.create(institution=user.institution, kind=Case.Kind.IMAGING, study=study, created_by=user)
    return study


def store_series(study: Study, modality: str = "US", **fields: Any) -> Series:
    """An empty series."""
    values = {"number": study.series.count() + 1, "description": "Left breast"} | fields
    return Series.objects.create(study=study, uid=f"2.25.{uuid4().int}", modality=modality, **values)


def store_image(user: User, series: Series, frames: list[NDArray[Any]], **changes: Any) -> Instance:
    """An image with its frames in the phi storage.

    `changes` named as in `Instance` go there, all others into the `FrameSet`.
    """
    own = {field.name for field in Instance._meta.get_fields()}
    fields = {name: value for name, value in changes.items() if name in own}
    described = frame_set(frames, **{name: value for name, value in changes.items() if name not in own})
    digest = uuid4().hex * 2
    values: dict[str, Any] = {
        "uid": f"2.25.{uuid4().int}",
        "kind": Instance.Kind.IMAGE,
        "number": series.instances.count() + 1,
        "frame_set": described.as_dict(),
        "format": "dicom",
        "bytes": frames[0].nbytes * len(frames),
        "sha256": digest,
        "source_sha256": digest,
        "reading": Instance.Reading.WAITING,
        "created_by": user,
    }
    instance = Instance.objects.create(institution=user.institution, series=series, **(values | fields))
    phi = storages["phi"]
    for file, frame in zip(described.files, frames, strict=True):
        phi.save(instance.frame_key(file), ContentFile(frame.astype(frame.dtype.newbyteorder("<")).tobytes()))
    phi.save(instance.frame_key(described.thumbnail), ContentFile(png(thumbnail_of(frames[0]))))
    if described.overlays:
        mask = np.zeros(frames[0].shape[:2], np.uint8)
        mask[5:9, 5:30] = 255
        phi.save(instance.frame_key(OVERLAY), ContentFile(png(mask)))
    phi.save(instance.object_key, ContentFile(b"\0" * 128 + b"DICM" + b"what came in"))
    return instance


def thumbnail_of(frame: NDArray[Any]) -> NDArray[np.uint8]:
    """The frame's values spread over the display's range."""
    low, high = float(frame.min()), float(frame.max())
    return np.asarray((frame - low) / max(high - low, 1) * 255, dtype=np.uint8)


def store_answer(instance: Instance, *, evidence: NDArray[np.uint8] | None = None, **changes: Any) -> Prediction:
    """A prediction about an image, with its evidence map (height, width, 4) where one is given."""
    model, _ = InstalledModel.objects.get_or_create(
        weights_sha256="a" * 64,
        defaults={
            "modality": "US",
            "name": "Ultrasound second reader",
            "version": "1.0",
            "preprocessing_version": "1",
            "card": {"training_data": {"summary": "780 breast ultrasound images of 600 women"}},
        },
    )
    job = Job.objects.create(
        institution=instance.institution,
        requested_by=instance.created_by,
        kind="image-reading",
        subject_id=str(instance.public_id),
        queue="clinical",
        status=JobStatus.SUCCEEDED,
        finished_at=timezone.now(),
        progress_total=1,
        progress_done=1,
    )
    values: dict[str, Any] = {
        "status": Prediction.Status.SCORED,
        "finding": Prediction.Finding.MALIGNANT,
        "score": 0.8,
        "probability": 0.83,
        "interval_low": 0.71,
        "interval_high": 0.91,
        "threshold": 0.5,
        "prediction_set": ["malignant"],
        "has_evidence_map": evidence is not None,
        "seen_in_training": False,
        "weights_sha256": model.weights_sha256,
        "preprocessing_version": "1",
        "input_sha256": "b" * 64,
        "tile_slot": 0,
        "frame": 1,
    }
    case = instance.series.study.case
    values |= {"case": case, "instance": instance, "model": model, "job": job, "attempt": 1}
    answer = Prediction.objects.create(**(values | changes))
    if evidence is not None:
        storages["phi"].save(answer.evidence_key, ContentFile(png(evidence)))
    instance.reading = Instance.Reading.READ
    instance.save(update_fields=["reading"])
    return answer


def store_document(user: User, series: Series, **fields: Any) -> Instance:
    """A file that is no image: a structured report."""
    digest = uuid4().hex * 2
    values: dict[str, Any] = {
        "uid": f"2.25.{uuid4().int}",
        "kind": Instance.Kind.DOCUMENT,
        "kept_as": "structured_report",
        "number": 1,
        "header": {"sop_class_name": "Basic Text SR Storage"},
        "format": "dicom",
        "bytes": 12,
        "sha256": digest,
        "source_sha256": digest,
        "reading": Instance.Reading.NOT_READ,
        "reading_reason": "It holds no image.",
        "created_by": user,
    }
    document = Instance.objects.create(institution=user.institution, series=series, **(values | fields))
    storages["phi"].save(document.object_key, ContentFile(b"a report"))
    return document


def png(pixels: NDArray[np.uint8]) -> bytes:
    """The pixels as a PNG."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()
