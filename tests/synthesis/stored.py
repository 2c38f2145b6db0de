"""Sources and synthetic sets as rows: at any stage, without having been made."""

import io
from datetime import timedelta
from typing import Any

import numpy as np
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from accounts.models import Role, User
from jobs.models import Job, JobStatus
from ml.release.passport import Figure, Passport, Provenance
from synthesis.models import PublishedFile, SampleGrid, SourceDataset, Stage, SyntheticSet, TrainingRecord

COUNTS = {"benign": 40, "malignant": 30}


def png(shade: int = 90, size: int = 16) -> bytes:
    """A grey square."""
    out = io.BytesIO()
    Image.fromarray(np.full((size, size), shade, np.uint8)).save(out, "PNG")
    return out.getvalue()


def passport_of(kind: str = "fna", **privacy: float) -> dict[str, Any]:
    """A passport that the gate lets through; `privacy` replaces values of its privacy figures."""
    figures = {
        "exact_copies": 0.0,
        "near_copies": 0.0,
        "interpolations": 0.0,
        "dcr_share": 0.5,
        "membership_auc": 0.51,
        "membership_tpr": 0.01,
    } | privacy
    quality = (
        ("frechet_distance", "kid") if kind == "image" else ("ks_complement", "correlation_difference", "c2st_auc")
    )
    return Passport(
        kind="image" if kind == "image" else "fna",
        provenance=Provenance(
            kind="image" if kind == "image" else "fna",
            architecture="optimized-cgan" if kind == "image" else "tabular-gan",
            seeds={"training": 7},
            weights_sha256="a" * 64,
            source_sha256="b" * 64,
            extractor={"name": "lobule-ultrasound", "sha256": "c" * 64} if kind == "image" else None,
        ),
        sizes={"train": 49, "holdout": 35, "synthetic": 70},
        quality={name: Figure(0.123, 0.1, 0.15, "lower", f"the words of {name}") for name in quality},
        utility={"tstr_auc": Figure(0.98, 0.96, 0.99, "higher", "a classifier’s AUC on real records")},
        privacy={name: Figure(value, None, None, "lower", f"the words of {name}") for name, value in figures.items()},
        notes=("No shadow models were trained.",),
    ).as_dict()


def store_source(admin: User, *, name: str = "Aspirates", kind: str = "fna", **changes: Any) -> SourceDataset:
    """A source; released unless told otherwise. Its records are not there."""
    values: dict[str, Any] = {
        "institution": admin.institution,
        "name": name,
        "kind": kind,
        "modality": "US" if kind == "image" else "FNA",
        "licence": "CC-BY-4.0",
        "consent_basis": SourceDataset.Consent.PUBLIC,
        "consent_reference": "Vote 12/2024",
        "object_name": f"synthesis/sources/{name}",
        "sha256": "b" * 64,
        "records": sum(COUNTS.values()),
        "counts": COUNTS,
        "status": SourceDataset.Status.RELEASED,
        "added_by": admin,
        "released_by": admin,
        "released_at": timezone.now(),
    }
    return SourceDataset.objects.create(**values | changes)


def store_order(
    researcher: User,
    source: SourceDataset,
    *,
    stage: str = Stage.MAKING,
    decided_by: User | None = None,
    **changes: Any,
) -> SyntheticSet:
    """An order of this researcher at a stage, with what a set at that stage has."""
    is_made = stage != Stage.MAKING
    job = Job.objects.create(
        institution=researcher.institution,
        requested_by=researcher,
        kind="synthesis-make",
        subject_id=str(SyntheticSet.objects.count()),
        queue="synthesis",
        status=JobStatus.SUCCEEDED if is_made else JobStatus.RUNNING,
        finished_at=timezone.now() if is_made else None,
        lease_expires_at=None if is_made else timezone.now() + timedelta(hours=1),
        progress_done=100 if is_made else 35,
        progress_total=100,
    )
    values: dict[str, Any] = {
        "institution": researcher.institution,
        "source": source,
        "ordered_by": researcher,
        "title": "Synthetic aspirates",
        "kind": source.kind,
        "architecture": "optimized-cgan" if source.kind == "image" else "tabular-gan",
        "counts": COUNTS,
        "size": 64 if source.kind == "image" else None,
        "effort": "quick",
        "seed": 7,
        "licence": "CC-BY-4.0",
        "job": job,
        "stage": stage,
        "passport": passport_of(source.kind) if is_made else None,
    }
    now = timezone.now()
    if stage == Stage.BLOCKED:
        reason = {"code": "exact_copies", "message": "Records are copies.", "figure": 3.0, "bound": 0.0}
        values |= {"reasons": [reason], "passport": passport_of(source.kind, exact_copies=3.0)}
    if stage in {Stage.PUBLISHING, Stage.PUBLISHED, Stage.REJECTED, Stage.WITHDRAWN}:
        values |= {"decided_by": decided_by, "decided_at": now, "decision_note": "Looked at it."}
    if stage in {Stage.PUBLISHED, Stage.WITHDRAWN}:
        values |= {"published_at": now, "bytes": 1234}
    if stage == Stage.WITHDRAWN:
        values |= {"withdrawn_by": decided_by, "withdrawn_at": now, "withdrawal_reason": "A patient said no."}
    return SyntheticSet.objects.create(**values | changes)


def store_training(order: SyntheticSet, steps: int = 3) -> None:
    """Figures and, for pictures, grids of so many steps."""
    for step in range(100, 100 * steps + 1, 100):
        values = {"loss_generator": 1 / step, "loss_discriminator": 0.5, "frechet": 1000 / step}
        TrainingRecord.objects.create(set=order, step=step, seconds=step / 10, values=values)
        if order.kind == "image":
            name = storages["phi"].save(f"{order.folder}/grids/{step}.png", ContentFile(png()))
            SampleGrid.objects.create(set=order, step=step, object_name=name)


def store_gallery(order: SyntheticSet) -> None:
    """One pair of pictures."""
    names = {
        side: storages["phi"].save(f"{order.folder}/gallery/{side}.png", ContentFile(png(shade)))
        for side, shade in (("synthetic", 60), ("real", 200))
    }
    order.gallery = [{"class": "benign", "distance": 0.4, **names}]
    order.save(update_fields=["gallery"])


def store_file(
    order: SyntheticSet, name: str = "set.zip", kind: str = "archive", content: bytes = b"PK"
) -> PublishedFile:
    """A published file, whose object is there."""
    stored = storages["synthetic"].save(f"sets/{order.public_id}/{name}", ContentFile(content))
    return PublishedFile.objects.create(
        set=order,
        name=name,
        kind=kind,
        media_type="image/png" if name.endswith(".png") else "application/zip",
        bytes=len(content),
        sha256="d" * 64,
        object_name=stored,
    )


def _colleague(owner: User, role: Role) -> User:
    """The owner's colleague in that role, there already or only just employed."""
    return User.objects.filter(institution=owner.institution, role=role).first() or User.objects.create_user(
        email=f"the.{role}@example.org",
        password="a long pass phrase",
        full_name=f"The {role.label}",
        institution=owner.institution,
        role=role,
    )


def synthesis_address(route: str, owner: User) -> str:
    """The URL of a page about synthesis, for a source or an order of the owner's institution."""
    researcher, admin = _colleague(owner, Role.RESEARCHER), _colleague(owner, Role.ADMIN)
    state = SourceDataset.Status.DRAFT if route == "source-release" else SourceDataset.Status.RELEASED
    by = None if state == SourceDataset.Status.DRAFT else admin
    source = store_source(admin, kind="image", status=state, released_by=by, released_at=by and timezone.now())
    if route in {"source-detail", "source-release", "source-withdraw", "api-synthetic-source-detail"}:
        return reverse(route, args=[source.public_id])
    if route == "synthetic-object":
        return reverse(route, args=["no-token"])
    if route in {"order-new", "order-estimate"}:
        return f"{reverse(route)}?source={source.public_id}"
    if route.endswith(("-list", "-new", "-compare")):
        return reverse(route)
    stage = Stage.PUBLISHED if "synthetic-set-" in route else Stage.AWAITING_APPROVAL
    order = store_order(researcher, source, stage=stage, decided_by=admin)
    arguments: dict[str, list[Any]] = {
        "order-grid": [100],
        "order-gallery-picture": [0, "real"],
        "synthetic-set-thumbnail": ["benign"],
        "synthetic-set-file": ["set.zip"],
        "api-synthetic-set-file": ["set.zip"],
    }
    if route == "order-grid":
        store_training(order, steps=1)
    if route.startswith("order-gallery"):
        store_gallery(order)
    if route == "synthetic-set-thumbnail":
        store_file(order, "thumbnails/benign.png", PublishedFile.Kind.THUMBNAIL, png())
    if route.endswith("synthetic-set-file"):
        store_file(order)
    return reverse(route, args=[order.public_id, *arguments.get(route, [])])
