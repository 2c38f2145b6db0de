"""The address of every route, for objects of the owner."""

from datetime import UTC, date, datetime
from uuid import UUID

import numpy as np
from django.urls import reverse

from accounts.models import ApiToken, AuditEvent, DailyReview, LegalHold, Role, SignedInSession, UnusualAccess, User
from diagnosis.models import (
    Annotation,
    Case,
    FnaBatch,
    InstalledModel,
    ModelActivation,
    Prediction,
    Rehearsal,
    Upload,
    UploadedFile,
)
from tests.restricted import invitation_by, opened_to, restriction_by
from tests.studies import ramp, store_answer, store_image, store_series, store_study
from tests.synthesis.stored import synthesis_address

RESTRICTED_OR_INVITED = {
    "invitation-resend": invitation_by,
    "invitation-withdraw": invitation_by,
    "emergency-end": opened_to,
    "emergency-detail": opened_to,
    "restriction-lift": restriction_by,
}
UPLOADS = frozenset(
    {
        "study-restrict",
        "study-detail",
        "study-reading",
        "study-read-again",
        "api-study-detail",
        "upload-detail",
        "upload-export",
        "api-upload-detail",
        "api-upload-file-list",
        "api-upload-file-detail",
    }
)


def address(route: str, batch: FnaBatch) -> str:  # noqa: PLR0911 one kind of object after the other
    """The route's URL for the owner's objects."""
    case = Case.objects.get(reference="S-1")
    arguments = {
        "case-detail": [case.public_id],
        "case-restrict": [case.public_id],
        "invitation-open": ["a-secret"],
        "batch-detail": [batch.public_id],
        "batch-export": [batch.public_id],
        "model-detail": [InstalledModel.objects.get().public_id],
        "api-model-detail": [InstalledModel.objects.get().public_id],
        "mfa_edit_webauthn": [1],
        "mfa_remove_webauthn": [1],
        "sso-login": ["sso-none"],
        "sso-callback": ["sso-none"],
        "api-fna-sample-detail": [case.public_id],
        "api-case-detail": [case.public_id],
        "api-prediction-detail": [Prediction.objects.get(case=case).public_id],
    }
    if route.startswith(("audit-", "review-", "hold-", "api-audit-")):
        return trail_address(route, batch.created_by)
    if route.startswith("quarantine-") and route != "quarantine-list":
        return quarantine_address(route, batch.created_by)
    if route.startswith(("study-viewer", "instance-", "annotation-")):
        return imaging_address(route, batch.created_by)
    if "activation" in route or "rehearsal" in route:
        return registry_address(route, batch)
    if route.startswith(("source-", "order-", "synthetic-", "api-synthetic-")):
        return synthesis_address(route, batch.created_by)
    if route in UPLOADS:
        return upload_address(route, batch.created_by)
    if "job-" in route and route != "api-job-list":
        return reverse(route, args=[batch.job.public_id])
    return reverse(route, args=arguments.get(route) or account_arguments(route, batch.created_by))


def trail_address(route: str, owner: User) -> str:
    """The route's URL for an event of the owner's institution, its patient and person, or a day of its review."""
    event = AuditEvent.objects.filter(actor_id_text=str(owner.public_id)).exclude(patient_pseudonym="").latest("id")
    day = {"institution": owner.institution, "day": date(2026, 3, 2)}
    DailyReview.objects.get_or_create(**day, defaults={"ends_at": datetime(2026, 3, 3, tzinfo=UTC)})
    finding = UnusualAccess(**day, rule="denials", key="somebody", role=Role.AUDITOR)
    if route == "review-judge":
        finding.save()
    hold = LegalHold(institution_id_text=str(owner.institution.public_id), reason="?", placed_by=owner.email)
    if route == "hold-lift":
        hold.save()
    arguments = {
        "hold-lift": [hold.public_id],
        "audit-event": [event.public_id],
        "api-audit-event-detail": [event.public_id],
        "audit-patient": [event.patient_pseudonym],
        "audit-person": [owner.public_id],
        "audit-export-file": ["csv"],
        "review-judge": [finding.public_id],
        "review-day": ["2026-03-02"],
        "review-sign": ["2026-03-02"],
    }
    return reverse(route, args=arguments.get(route))


def account_arguments(route: str, owner: User) -> list[UUID] | None:
    """What names the owner, a session or a token of theirs, or an invitation, emergency access or restriction there."""
    if route.startswith("person-"):
        return [owner.public_id]
    if route in RESTRICTED_OR_INVITED:
        return [RESTRICTED_OR_INVITED[route](owner)]
    if route == "token-revoke":
        return [ApiToken.objects.create(owner, name="program")[0].public_id]
    if route == "session-end":
        return [SignedInSession.objects.create(user=owner, session_key="elsewhere").public_id]
    return None


def registry_address(route: str, batch: FnaBatch) -> str:
    """The route's URL for a second model, which the owner proposed and rehearsed."""
    owner = batch.created_by
    card = {"training_data": {"summary": "other cases"}}
    model = InstalledModel.objects.create(modality="FNA", name="Other", version="1", weights_sha256="0" * 64, card=card)
    mine = {"institution": owner.institution}
    rehearsal = Rehearsal.objects.create(candidate=model, requested_by=owner, job=batch.job, **mine)
    proposal = ModelActivation.objects.create(model=model, modality="FNA", reason="?", proposed_by=owner, **mine)
    if route.endswith("-list"):
        return reverse(route)
    if route in {"activation-propose", "rehearsal-start", "api-model-activations"}:
        return reverse(route, args=[model.public_id])
    return reverse(route, args=[rehearsal.public_id if "rehearsal" in route else proposal.public_id])


def imaging_address(route: str, owner: User) -> str:
    """The route's URL for a study that the owner sent, with one image, its answer and a mark on it."""
    study = store_study(owner)
    image = store_image(owner, store_series(study), [ramp()], overlays=True)
    store_answer(image, evidence=np.zeros((4, 6, 4), np.uint8))
    data = {"points": [[1, 1]], "label": ""}
    mark = Annotation.objects.create(instance=image, tool="probe", data=data, created_by=owner)
    if route == "instance-frame":
        return reverse(route, args=[image.public_id, 1])
    if route in {"annotation-detail", "annotation-restore"}:
        return reverse(route, args=[mark.public_id])
    return reverse(route, args=[image.public_id if route.startswith("instance-") else study.public_id])


def quarantine_address(route: str, owner: User) -> str:
    """The route's URL for an image that the owner sent and that waits for review."""
    image = store_image(owner, store_series(store_study(owner)), [ramp()], state="quarantined", state_reason="Look.")
    number = [1] if route == "quarantine-picture" else []
    return reverse(route, args=[image.public_id, *number])


def upload_address(route: str, owner: User) -> str:
    """The route's URL for an upload of the owner with one file in it, or for a study of the owner's."""
    if "study-" in route:
        return reverse(route, args=[store_study(owner).public_id])
    upload = Upload.objects.create(institution=owner.institution, created_by=owner, source=Upload.Source.API)
    file = UploadedFile.objects.create(upload=upload, name="image.dcm", size=10)
    return reverse(route, args=[upload.public_id, file.public_id][: 2 if route == "api-upload-file-detail" else 1])
