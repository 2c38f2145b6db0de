"""Files full of a made-up patient's identities, and where these could turn up once such a file was sent."""

from pathlib import Path

import numpy as np
from django.core import serializers
from django.core.files.storage import storages
from PIL import Image, ImageDraw, ImageFont

from accounts import audit
from accounts.models import AuditEvent, User
from diagnosis.models import Case, Instance, Patient, Series, Study, Upload, UploadedFile
from diagnosis.services.studies import register_file, store_file
from diagnosis.services.uploads import create_upload
from jobs.models import Job
from tests.dicom_files import dicom_image

PLANTED = ("Plantedname", "7788991", "Secretstreet")


def send(user: User, data: bytes, tmp_path: Path, *, name: str = "Plantedname.dcm", modality: str = "") -> UploadedFile:
    upload = create_upload(user=user, source=Upload.Source.API, modality=modality, reference="MRN-7788991")
    path = tmp_path / "arrived"
    path.write_bytes(data)
    with audit.acting(audit.context_for(user, request_id="test")):
        return store_file(file=register_file(upload=upload, name=name, size=len(data)), path=path)


def planted(**attributes: object) -> bytes:
    """A mammogram whose header is full of identities and whose pixels are free of writing."""
    values: dict[str, object] = {
        "modality": "MG",
        "patient_id": "MRN-7788991",
        "patient_name": "Plantedname^Jane",
        "PatientAddress": "1 Secretstreet",
        "StudyDescription": "Plantedname, left breast",
        "BurnedInAnnotation": "NO",
        "ImageLaterality": "L",
        "PixelData": np.tile(np.arange(64, dtype=np.uint8), 48).tobytes(),
    }
    return dicom_image(**(values | attributes))  # type: ignore[arg-type]


def banner(text: str = "DOE^JANE 19510829") -> np.ndarray:
    """A grey picture with a name in its banner."""
    shown = Image.fromarray(np.full((120, 320), 70, np.uint8))
    ImageDraw.Draw(shown).rectangle((0, 0, 319, 29), fill=0)
    ImageDraw.Draw(shown).text((6, 3), text, fill=255, font=ImageFont.load_default(20))
    return np.asarray(shown)


def ultrasound(**attributes: object) -> bytes:
    pixels = banner()
    rows, columns = pixels.shape
    return dicom_image(rows=rows, columns=columns, PixelData=pixels.tobytes(), **attributes)  # type: ignore[arg-type]


def everything_stored(before: dict[str, bytes]) -> bytes:
    """All rows about images, the audit trail and the objects that were not there before, names included, as bytes."""
    models = (Patient, Study, Series, Instance, Case, Upload, UploadedFile, AuditEvent, Job)
    rows = "".join(serializers.serialize("json", model.objects.all()) for model in models)
    new = {key: data for key, data in objects().items() if key not in before}
    return rows.encode() + "".join(new).encode() + b"".join(new.values())


def objects() -> dict[str, bytes]:
    phi = storages["phi"]
    found = {}
    pending = [top for top in ("images", "frames") if phi.exists(top)]
    while pending:
        folder = pending.pop()
        folders, files = phi.listdir(folder)
        pending += [f"{folder}/{name}" for name in folders]
        for name in files:
            with phi.open(f"{folder}/{name}") as stored:
                found[f"{folder}/{name}"] = stored.read()
    return found
