"""Who may open which route: a row for every route, or the suite fails (ACC-15).

The matrix gives the status of a GET by the anonymous, the clinician who owns the data, a colleague clinician, a
clinician of another hospital, and the researcher, auditor and administrator of the owner's hospital. Where a route
takes POST alone, the GET's 405 comes after the rights were checked.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import UUID

import numpy as np
import pytest
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from rest_framework.test import APIClient

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
from tests.cast import AWAY, MakeUser, SignIn
from tests.restricted import invitation_by, opened_to, restriction_by
from tests.studies import ramp, store_answer, store_image, store_series, store_study
from tests.synthesis.stored import synthesis_address

pytestmark = pytest.mark.django_db

CAST = ("anonymous", "owner", "colleague", "outsider", "researcher", "auditor", "admin")
LOGIN = 302
EVERYONE = (200,) * 7
SIGNED_IN = (LOGIN, 200, 200, 200, 200, 200, 200)
CLINICIANS = (LOGIN, 200, 200, 200, 403, 403, 403)
ONE_HOSPITALS = (LOGIN, 200, 200, 404, 403, 403, 403)
JOB_OF_ONE_HOSPITAL = (LOGIN, 286, 286, 404, 404, 403, 286)
REVIEWERS = (LOGIN, 403, 403, 403, 403, 200, 200)
ADMINS = (LOGIN, 403, 403, 403, 403, 403, 200)
MODEL_CHANGERS = (LOGIN, 200, 200, 404, 403, 403, 200)
MAKERS = (LOGIN, 403, 403, 403, 200, 403, 200)
RESEARCHERS = (LOGIN, 403, 403, 403, 200, 403, 403)
AUDITORS = (LOGIN, 403, 403, 403, 403, 200, 403)
POST_ONLY = (405,) * 7
PUBLISHED_THERE = (LOGIN, 200, 200, 404, 200, 200, 200)
ELSEWHERE = (LOGIN,) * 7
OWN_ALONE = (LOGIN, 404, 404, 404, 404, 404, 404)  # a second factor that the person does not have
NOWHERE = (404,) * 7
API_SIGNED_IN = (401, 200, 200, 200, 200, 200, 200)
API_CLINICIANS = (401, 200, 200, 200, 403, 403, 403)
API_MAKERS = (401, 403, 403, 403, 200, 403, 200)
API_ONE_HOSPITALS = (401, 200, 200, 404, 403, 403, 403)
API_MODEL_CHANGERS = (401, 200, 200, 404, 403, 403, 200)
API_MODEL_CHANGERS_POST = (401, 405, 405, 405, 403, 403, 405)
API_CLINICIANS_POST = (401, 405, 405, 405, 403, 403, 403)

MATRIX: dict[str, tuple[int, ...]] = {
    "home": (LOGIN,) * 7,
    "health-live": EVERYONE,
    "health-ready": EVERYONE,
    "api-schema": EVERYONE,
    "api-docs": EVERYONE,
    "audit-list": REVIEWERS,
    "audit-event": REVIEWERS,
    "audit-patient-search": POST_ONLY,
    "audit-patient": REVIEWERS,
    "audit-person": REVIEWERS,
    "audit-activity": REVIEWERS,
    "audit-export": REVIEWERS,
    "audit-export-file": REVIEWERS,
    "review-list": REVIEWERS,
    "review-judge": POST_ONLY,
    "review-day": REVIEWERS,
    "review-sign": POST_ONLY,
    "review-rules": REVIEWERS,
    "audit-retention": REVIEWERS,
    "hold-place": POST_ONLY,
    "hold-lift": POST_ONLY,
    "account-profile": SIGNED_IN,
    "mfa_index": SIGNED_IN,
    "mfa_authenticate": ELSEWHERE,  # between the password and being signed in
    "mfa_reauthenticate": ELSEWHERE,  # to the way of proving it that the person has
    "mfa_reauthenticate_webauthn": ELSEWHERE,
    "mfa_login_webauthn": ELSEWHERE,
    "mfa_activate_totp": SIGNED_IN,
    "mfa_deactivate_totp": OWN_ALONE,
    "mfa_list_webauthn": SIGNED_IN,
    "mfa_add_webauthn": SIGNED_IN,
    "mfa_edit_webauthn": OWN_ALONE,
    "mfa_remove_webauthn": OWN_ALONE,
    "mfa_view_recovery_codes": OWN_ALONE,
    "mfa_generate_recovery_codes": SIGNED_IN,
    "mfa_download_recovery_codes": OWN_ALONE,
    "session-left": SIGNED_IN,
    "session-extend": POST_ONLY,
    "session-list": SIGNED_IN,
    "session-end-others": POST_ONLY,
    "session-end": POST_ONLY,
    "person-sessions": (LOGIN, 403, 403, 403, 403, 403, 200),
    "person-sessions-end": POST_ONLY,
    "token-create": SIGNED_IN,
    "token-revoke": POST_ONLY,
    "people": ADMINS,
    "person-detail": ADMINS,
    "person-role": POST_ONLY,
    "person-deactivate": POST_ONLY,
    "person-reactivate": POST_ONLY,
    "person-reset-second-factor": POST_ONLY,
    "invitation-list": ADMINS,
    "invitation-new": ADMINS,
    "invitation-resend": POST_ONLY,
    "invitation-withdraw": POST_ONLY,
    "invitation-open": ELSEWHERE,
    "invitation-accept": (410,) * 7,  # without the link's secret
    "emergency-access": CLINICIANS,
    "emergency-end": POST_ONLY,
    "emergency-list": AUDITORS,
    "emergency-detail": AUDITORS,
    "restriction-list": ADMINS,
    "restriction-lift": POST_ONLY,
    "case-restrict": ONE_HOSPITALS,
    "study-restrict": ONE_HOSPITALS,
    "single-sign-on": ADMINS,
    "single-sign-on-remove": POST_ONLY,
    "sso-choose": (200, LOGIN, LOGIN, LOGIN, LOGIN, LOGIN, LOGIN),
    "sso-login": NOWHERE,  # no institution has set it up here
    "sso-callback": NOWHERE,
    "socialaccount_login_cancelled": EVERYONE,
    "socialaccount_login_error": (401,) * 7,
    "worklist": CLINICIANS,
    "worklist-search": POST_ONLY,
    "worklist-export": CLINICIANS,
    "case-detail": ONE_HOSPITALS,
    "fna-upload": CLINICIANS,
    "fna-preview": POST_ONLY,
    "fna-import": POST_ONLY,
    "fna-template": CLINICIANS,
    "fna-form": CLINICIANS,
    "batch-list": CLINICIANS,
    "batch-detail": ONE_HOSPITALS,
    "batch-export": ONE_HOSPITALS,
    "image-upload": CLINICIANS,
    "upload-list": CLINICIANS,
    "upload-detail": ONE_HOSPITALS,
    "upload-export": ONE_HOSPITALS,
    "study-list": CLINICIANS,
    "study-search": POST_ONLY,
    "study-detail": ONE_HOSPITALS,
    "study-reading": ONE_HOSPITALS,
    "study-read-again": POST_ONLY,
    "study-viewer": ONE_HOSPITALS,
    "study-viewer-manifest": ONE_HOSPITALS,
    "instance-frame": ONE_HOSPITALS,
    "instance-thumbnail": ONE_HOSPITALS,
    "instance-overlay": ONE_HOSPITALS,
    "instance-evidence": ONE_HOSPITALS,
    "instance-file": ONE_HOSPITALS,
    "annotation-list": POST_ONLY,
    "annotation-detail": POST_ONLY,
    "annotation-restore": POST_ONLY,
    "intake-settings": ADMINS,
    "intake-switch": POST_ONLY,
    "intake-preview": POST_ONLY,
    "quarantine-list": CLINICIANS,
    "quarantine-review": ONE_HOSPITALS,
    "quarantine-picture": ONE_HOSPITALS,
    "quarantine-decide": POST_ONLY,
    "model-list": SIGNED_IN,
    "model-detail": SIGNED_IN,
    "activation-list": SIGNED_IN,
    "activation-propose": (LOGIN, 200, 200, 200, 403, 403, 200),
    "activation-detail": MODEL_CHANGERS,
    "activation-decide": POST_ONLY,
    "activation-withdraw": POST_ONLY,
    "rehearsal-start": POST_ONLY,
    "rehearsal-detail": MODEL_CHANGERS,
    "rehearsal-export": ONE_HOSPITALS,
    "source-list": MAKERS,
    "source-new": ADMINS,
    "source-detail": MAKERS,
    "source-release": POST_ONLY,
    "source-withdraw": POST_ONLY,
    "order-list": MAKERS,
    "order-new": RESEARCHERS,
    "order-estimate": POST_ONLY,
    "order-compare": MAKERS,
    "order-detail": MAKERS,
    "order-progress": (LOGIN, 403, 403, 403, 286, 403, 286),
    "order-grid": MAKERS,
    "order-approve": POST_ONLY,
    "order-reject": POST_ONLY,
    "order-withdraw": POST_ONLY,
    "order-gallery": ADMINS,
    "order-gallery-picture": ADMINS,
    "api-synthetic-source-list": API_MAKERS,
    "api-synthetic-source-detail": API_MAKERS,
    "api-synthetic-set-list": API_SIGNED_IN,
    "api-synthetic-set-detail": (401, 200, 200, 404, 200, 200, 200),
    "api-synthetic-set-file": (401, 200, 200, 404, 200, 200, 200),
    "synthetic-set-list": SIGNED_IN,
    "synthetic-set-detail": PUBLISHED_THERE,
    "synthetic-set-thumbnail": PUBLISHED_THERE,
    "synthetic-set-file": (LOGIN, LOGIN, LOGIN, 404, LOGIN, LOGIN, LOGIN),  # to a signed address
    "synthetic-object": (403,) * 7,  # without a signed token
    "job-status": JOB_OF_ONE_HOSPITAL,
    "job-cancel": POST_ONLY,
    "job-retry": POST_ONLY,
    "api-token": (405,) * 7,
    "api-token-revoke": (401,) * 7,  # only a token opens it, and a browser has none
    "api-audit-event-list": (401, 403, 403, 403, 403, 200, 200),
    "api-audit-event-detail": (401, 403, 403, 403, 403, 200, 200),
    "api-job-list": (401, 200, 200, 200, 200, 403, 200),
    "api-job-detail": (401, 200, 200, 404, 404, 403, 200),
    "api-job-cancel": (401, 405, 405, 405, 405, 403, 405),
    "api-job-retry": (401, 405, 405, 405, 405, 403, 405),
    "api-fna-sample-list": API_CLINICIANS_POST,
    "api-fna-sample-detail": API_ONE_HOSPITALS,
    "api-case-list": API_CLINICIANS,
    "api-case-detail": API_ONE_HOSPITALS,
    "api-case-search": API_CLINICIANS_POST,
    "api-prediction-list": API_CLINICIANS,
    "api-prediction-detail": API_ONE_HOSPITALS,
    "api-upload-list": API_CLINICIANS_POST,
    "api-upload-detail": API_ONE_HOSPITALS,
    "api-upload-file-list": API_CLINICIANS_POST,
    "api-upload-file-detail": API_ONE_HOSPITALS,
    "api-study-list": API_CLINICIANS,
    "api-study-detail": API_ONE_HOSPITALS,
    "api-study-search": API_CLINICIANS_POST,
    "api-model-list": API_SIGNED_IN,
    "api-model-detail": API_SIGNED_IN,
    "api-model-activations": API_MODEL_CHANGERS_POST,
    "api-activation-list": API_SIGNED_IN,
    "api-activation-detail": (401, 200, 200, 404, 200, 200, 200),
    "api-activation-approve": API_MODEL_CHANGERS_POST,
    "api-activation-reject": API_MODEL_CHANGERS_POST,
    "api-activation-withdraw": API_MODEL_CHANGERS_POST,
    "api-rehearsal-list": (401, 200, 200, 200, 403, 403, 200),
    "api-rehearsal-detail": API_MODEL_CHANGERS,
    "api-rehearsal-flips": API_ONE_HOSPITALS,
}
RESTRICTED_OR_INVITED = {
    "invitation-resend": invitation_by,
    "invitation-withdraw": invitation_by,
    "emergency-end": opened_to,
    "emergency-detail": opened_to,
    "restriction-lift": restriction_by,
}
# What a POST changes, by the same cast; forms without their fields are refused with 4xx after the rights.
POSTS: dict[str, tuple[int, ...]] = {
    "session-extend": SIGNED_IN,
    "session-end-others": (LOGIN,) * 7,
    "session-end": (LOGIN, 302, 404, 404, 404, 404, 404),  # the administrator finds it gone
    "person-sessions-end": (LOGIN, 403, 403, 403, 403, 403, 302),
    "token-create": (LOGIN, 422, 422, 422, 422, 422, 422),
    "token-revoke": (LOGIN, 302, 404, 404, 404, 404, 404),
    "audit-patient-search": (LOGIN, 403, 403, 403, 403, 422, 422),
    "review-judge": (LOGIN, 403, 403, 403, 403, 422, 422),
    "review-sign": (LOGIN, 403, 403, 403, 403, 302, 403),  # an auditor's work
    "review-rules": (LOGIN, 403, 403, 403, 403, 422, 422),
    "hold-place": (LOGIN, 403, 403, 403, 403, 422, 422),
    "hold-lift": (LOGIN, 403, 403, 403, 403, 302, 302),  # without a reason it stays
    "person-role": (LOGIN, 403, 403, 403, 403, 403, 302),
    "person-deactivate": (LOGIN, 403, 403, 403, 403, 403, 302),
    "person-reactivate": (LOGIN, 403, 403, 403, 403, 403, 302),
    "person-reset-second-factor": (LOGIN, 403, 403, 403, 403, 403, 302),
    "invitation-new": (LOGIN, 403, 403, 403, 403, 403, 422),
    "invitation-resend": (LOGIN, 403, 403, 403, 403, 403, 302),
    "invitation-withdraw": (LOGIN, 403, 403, 403, 403, 403, 302),
    "invitation-accept": (410,) * 7,
    "emergency-access": (LOGIN, 422, 422, 422, 403, 403, 403),
    "emergency-end": (LOGIN, 302, 404, 404, 403, 403, 403),  # whoever holds it alone
    "emergency-detail": (LOGIN, 403, 403, 403, 403, 422, 403),
    "restriction-lift": (LOGIN, 302, 404, 404, 403, 403, 404),  # lifted by the time that the administrator comes
    "case-restrict": (LOGIN, 422, 422, 404, 403, 403, 403),
    "study-restrict": (LOGIN, 422, 422, 404, 403, 403, 403),
    "worklist-search": (LOGIN, 302, 302, 302, 403, 403, 403),
    "fna-preview": CLINICIANS,
    "fna-import": CLINICIANS,
    "study-search": (LOGIN, 302, 302, 302, 403, 403, 403),
    "study-read-again": (LOGIN, 302, 302, 404, 403, 403, 403),
    "intake-switch": (LOGIN, 403, 403, 403, 403, 403, 302),
    "single-sign-on": (LOGIN, 403, 403, 403, 403, 403, 422),
    "single-sign-on-remove": (LOGIN, 403, 403, 403, 403, 403, 302),
    "intake-preview": (LOGIN, 403, 403, 403, 403, 403, 422),
    "quarantine-decide": (LOGIN, 422, 422, 404, 403, 403, 403),
    "annotation-list": (LOGIN, 422, 422, 404, 403, 403, 403),
    "annotation-restore": (LOGIN, 200, 403, 404, 403, 403, 403),  # its author alone
    "fna-form": (LOGIN, 422, 422, 422, 403, 403, 403),
    "job-cancel": (LOGIN, 409, 409, 404, 404, 403, 409),
    "job-retry": (LOGIN, 409, 409, 404, 404, 403, 409),
    "api-fna-sample-list": (401, 400, 400, 400, 403, 403, 403),
    "api-case-search": (401, 400, 400, 400, 403, 403, 403),
    # Whoever proposed it withdraws it; colleagues are the second person only in the other role.
    "activation-propose": (LOGIN, 422, 422, 422, 403, 403, 422),
    "activation-decide": (LOGIN, 422, 422, 404, 403, 403, 422),
    "activation-withdraw": (LOGIN, 302, 403, 404, 403, 403, 403),
    "rehearsal-start": (LOGIN, 302, 409, 422, 403, 403, 409),
    "source-new": (LOGIN, 403, 403, 403, 403, 403, 422),
    "source-release": (LOGIN, 403, 403, 403, 403, 403, 302),
    "source-withdraw": (LOGIN, 403, 403, 403, 403, 403, 422),
    "order-new": (LOGIN, 403, 403, 403, 422, 403, 403),
    "order-estimate": RESEARCHERS,
    "order-approve": (LOGIN, 403, 403, 403, 403, 403, 422),  # the second person
    "order-reject": (LOGIN, 403, 403, 403, 403, 403, 422),
    "order-withdraw": (LOGIN, 403, 403, 403, 422, 403, 422),
    "api-model-activations": (401, 400, 400, 400, 403, 403, 400),
    "api-activation-approve": (401, 400, 400, 404, 403, 403, 400),
    "api-activation-reject": (401, 400, 400, 404, 403, 403, 400),
    "api-activation-withdraw": (401, 200, 403, 404, 403, 403, 403),
    "api-rehearsal-list": (401, 400, 400, 400, 403, 403, 400),
    "api-upload-list": (401, 415, 415, 415, 403, 403, 403),
    "api-upload-file-list": (401, 412, 412, 412, 403, 403, 403),
    "api-upload-file-detail": (401, 405, 405, 405, 403, 403, 403),
    "api-study-list": (401, 422, 422, 422, 403, 403, 403),
    "api-study-search": (401, 400, 400, 400, 403, 403, 403),
    "api-job-cancel": (401, 409, 409, 404, 404, 403, 409),
    "api-job-retry": (401, 409, 409, 404, 404, 403, 409),
}


def routes(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    """The names of the site's own routes; allauth's and the routers' format twins are not ours.

    Django's admin has a test of its own, which walks through all of its tables.
    """
    for pattern in patterns:
        if isinstance(pattern, URLResolver) and pattern.namespace == "admin":
            continue
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns)
        elif pattern.name and not pattern.name.startswith("account_"):
            yield pattern.name


def test_acc_15_every_route_has_its_row() -> None:
    assert set(routes(get_resolver().url_patterns)) == set(MATRIX)


@pytest.fixture
def cast(make_user: MakeUser, sign_in: SignIn, scored_batch: FnaBatch) -> dict[str, Client]:
    people = {
        "owner": scored_batch.created_by,
        "colleague": make_user("colleague"),
        "outsider": make_user("outsider", hospital=AWAY),
        "researcher": make_user("researcher", Role.RESEARCHER),
        "auditor": make_user("auditor", Role.AUDITOR),
        "admin": make_user("admin", Role.ADMIN),
    }
    return {"anonymous": Client(), **{name: sign_in(user) for name, user in people.items()}}


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


def upload_address(route: str, owner: User) -> str:
    """The route's URL for an upload of the owner with one file in it, or for a study of the owner's."""
    if "study-" in route:
        return reverse(route, args=[store_study(owner).public_id])
    upload = Upload.objects.create(institution=owner.institution, created_by=owner, source=Upload.Source.API)
    file = UploadedFile.objects.create(upload=upload, name="image.dcm", size=10)
    return reverse(route, args=[upload.public_id, file.public_id][: 2 if route == "api-upload-file-detail" else 1])


def status_of(response: HttpResponseBase) -> int:
    """Its status; what it would still have sent is read, which lets go of the file behind it."""
    if isinstance(response, StreamingHttpResponse):
        b"".join(response)  # type: ignore[arg-type] # nothing here is asynchronous
    return response.status_code


@pytest.mark.parametrize("route", MATRIX)
def test_acc_15_who_may_open_it(route: str, cast: dict[str, Client], scored_batch: FnaBatch) -> None:
    url = address(route, scored_batch)
    answers = {name: status_of(client.get(url)) for name, client in cast.items()}
    assert answers == dict(zip(CAST, MATRIX[route], strict=True))


@pytest.mark.parametrize("route", POSTS)
def test_acc_15_who_may_post_to_it(route: str, cast: dict[str, Client], scored_batch: FnaBatch) -> None:
    url = address(route, scored_batch)
    answers = {name: status_of(client.post(url)) for name, client in cast.items()}
    assert answers == dict(zip(CAST, POSTS[route], strict=True))


def test_a_route_that_names_no_roles_is_closed() -> None:
    from django.conf import settings

    assert settings.REST_FRAMEWORK["DEFAULT_PERMISSION_CLASSES"] == ["accounts.permissions.Denied"]
    assert APIClient().get(reverse("api-case-list")).status_code == 401
