"""The institution's choice about identities, and the preview of what it does."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from diagnosis.models import UploadedFile
from diagnosis.services import deidentify as deidentification
from tests.cast import SignIn
from tests.dicom_files import picture, structured_report
from tests.identities import everything_stored, objects, planted

pytestmark = pytest.mark.django_db


def _settings(client: Client) -> str:
    return client.get(reverse("intake-settings")).content.decode()


def test_the_administrator_switches_it_and_it_is_recorded(admin: User, sign_in: SignIn, owner: User) -> None:
    client = sign_in(admin)
    assert "Remove identities from now on" in _settings(client)
    client.post(reverse("intake-switch"), {"deidentify": "yes"})
    assert deidentification.removes_identities(owner.institution)
    assert "Keep identities from now on" in _settings(client)
    client.post(reverse("intake-switch"), {"deidentify": "no"})
    assert not deidentification.removes_identities(owner.institution)
    events = AuditEvent.objects.filter(action="change-settings").order_by("id")
    assert [event.detail["deidentify"] for event in events] == [
        {"before": False, "after": True},
        {"before": True, "after": False},
    ]


def _preview(client: Client, data: bytes) -> tuple[int, str]:
    from django.core.files.uploadedfile import SimpleUploadedFile

    answer = client.post(reverse("intake-preview"), {"file": SimpleUploadedFile("Plantedname.dcm", data)})
    return answer.status_code, answer.content.decode()


def test_the_preview_shows_before_and_after_and_stores_nothing(admin: User, sign_in: SignIn) -> None:
    before, client = objects(), sign_in(admin)
    status, page = _preview(client, planted(PatientComments="<script>alert(1)</script>"))
    assert status == 200
    for shown in ("Plantedname^Jane", "1 Secretstreet", "Study Instance UID", "2.25.", "Removed"):
        assert shown in page
    assert "<script>alert(1)" not in page
    assert objects() == before
    assert not UploadedFile.objects.exists()
    assert b"Plantedname" not in everything_stored(before)
    assert AuditEvent.objects.filter(object_type="deidentification-preview").count() == 1


@pytest.mark.parametrize("data", [b"", b"not an image", structured_report(), picture("PNG")])
def test_the_preview_says_why_it_cannot_show_a_file(admin: User, sign_in: SignIn, data: bytes) -> None:
    status, page = _preview(sign_in(admin), data)
    assert status == 422
    assert "There is a problem" in page
