"""Django's admin: for administrators alone, with their own institution's rows and nothing that names a patient."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.admin_site import ReadOnlyAdmin
from accounts.models import Action, AuditEvent, Role, User
from diagnosis.models import Case, FnaBatch, InstalledModel, ModelActivation, Upload
from synthesis.models import Download, Stage
from tests.cast import AWAY, PASSWORD, MakeUser, SignIn
from tests.studies import ramp, store_image, store_series, store_study
from tests.synthesis.stored import store_file, store_order, store_source

pytestmark = pytest.mark.django_db

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
LISTS = [f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist" for model in MODELS]
PHI_COLUMNS = {
    "name",
    "patient_id",
    "birth_date",
    "reference",
    "measurements",
    "file_name",
    "identity",
    "accession_number",
}


@pytest.fixture
def administrator(make_user: MakeUser) -> User:
    return make_user("admin", Role.ADMIN)


@pytest.mark.parametrize("route", ["admin:index", *LISTS])
def test_only_administrators_get_in(route: str, administrator: User, make_user: MakeUser, sign_in: SignIn) -> None:
    others = [make_user(role, role) for role in (Role.CLINICIAN, Role.AUDITOR, Role.RESEARCHER)]
    assert Client().get(reverse(route))["Location"].startswith(reverse("account_login"))
    for person in others:
        assert sign_in(person).get(reverse(route)).status_code == 403
    assert sign_in(administrator).get(reverse(route)).status_code == 200
    assert AuditEvent.objects.filter(action=Action.DENIED, object_id_text="admin").count() == 3


def test_acc_04_a_second_factor_is_needed(administrator: User) -> None:
    client = Client()
    client.force_login(administrator, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = client.get(reverse("admin:index"))
    assert (answer.status_code, answer["Location"]) == (302, reverse("mfa_index"))


def test_there_is_no_second_way_to_sign_in(administrator: User) -> None:
    answer = Client().post(reverse("admin:login"), {"username": administrator.email, "password": PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_nothing_can_be_added_changed_or_deleted(
    model: type, administrator: User, owner: User, scored_batch: FnaBatch, sign_in: SignIn
) -> None:
    store_image(owner, store_series(store_study(owner)), [ramp()])
    Upload.objects.create(institution=owner.institution, created_by=owner, source=Upload.Source.API)
    mine = {"institution": owner.institution, "model": InstalledModel.objects.get(), "modality": "FNA"}
    ModelActivation.objects.create(**mine, reason="?", proposed_by=owner)
    order = store_order(owner, store_source(administrator), stage=Stage.PUBLISHED, decided_by=administrator)
    Download.objects.create(set=order, file=store_file(order), name="set.zip", person=owner)
    browser = sign_in(administrator)
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"  # type: ignore[attr-defined]
    rows = model.objects.all()  # type: ignore[attr-defined]
    row = rows.order_by("pk").last()
    before = rows.filter(pk=row.pk).values().get()

    assert browser.post(reverse(f"{name}_add"), {}).status_code == 403
    assert browser.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert browser.post(reverse(f"{name}_change", args=[row.pk]), {"name": "Changed"}).status_code == 403
    browser.post(reverse(f"{name}_changelist"), {"action": "delete_selected", "_selected_action": [row.pk]})

    assert rows.filter(pk=row.pk).values().get() == before


def test_a_person_is_not_changed_by_a_form_that_was_made_up(administrator: User, owner: User, sign_in: SignIn) -> None:
    address = reverse("admin:accounts_user_change", args=[owner.pk])
    assert sign_in(administrator).post(address, {"role": "admin", "is_active": "on"}).status_code == 403
    owner.refresh_from_db()
    assert owner.role == Role.CLINICIAN


def test_libraries_tables_are_not_shown() -> None:
    assert Authenticator not in admin.site._registry
    assert {type(shown).__mro__[1] for shown in admin.site._registry.values()} == {ReadOnlyAdmin}
    assert {model._meta.app_label for model in MODELS} <= {"accounts", "diagnosis", "jobs", "synthesis"}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_no_column_names_a_patient(model: type) -> None:
    shown = set(admin.site._registry[model].shown)
    if model.__name__ == "Institution":
        shown -= {"name"}
    assert not shown & PHI_COLUMNS


def test_clinical_rows_are_seen_without_what_names_a_patient(
    administrator: User, scored_batch: FnaBatch, sign_in: SignIn
) -> None:
    case = Case.objects.get(reference="S-1")
    browser = sign_in(administrator)
    listed = browser.get(reverse("admin:diagnosis_case_changelist")).content.decode()
    shown = browser.get(reverse("admin:diagnosis_case_change", args=[case.pk])).content.decode()
    assert str(case.public_id) in listed
    assert str(case.public_id) in shown
    assert "S-1" not in listed + shown
    assert AuditEvent.objects.get(action=Action.VIEW, object_type="table:case").object_id_text == str(case.public_id)


def test_acc_16_another_institutions_rows_do_not_exist(
    make_user: MakeUser, owner: User, scored_batch: FnaBatch, sign_in: SignIn
) -> None:
    store_image(owner, store_series(store_study(owner)), [ramp()])
    elsewhere = sign_in(make_user("stranger", Role.ADMIN, hospital=AWAY))
    for model in MODELS:
        if model.__name__ in {"User", "Institution", "AuditEvent"}:
            continue
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        for row in model.objects.all():  # type: ignore[attr-defined]
            assert elsewhere.get(reverse(f"{name}_change", args=[row.pk])).status_code == 302
            assert str(row.public_id) not in elsewhere.get(reverse(f"{name}_changelist")).content.decode()
    people = elsewhere.get(reverse("admin:accounts_user_changelist")).content.decode()
    assert owner.email not in people


def test_upl_14_a_script_in_a_name_stays_text(administrator: User, make_user: MakeUser, sign_in: SignIn) -> None:
    person = make_user("mallory")
    person.full_name = "<script>alert(1)</script>"
    person.save()
    for address in (
        reverse("admin:accounts_user_changelist"),
        reverse("admin:accounts_user_change", args=[person.pk]),
    ):
        page = sign_in(administrator).get(address).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page
