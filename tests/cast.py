"""The cast of the tests: an owner, a colleague of each role, an outsider; and real samples for them to send."""

import csv
import io
import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from allauth.account.internal.flows import login
from allauth.account.internal.userkit import user_id_to_str
from django.test import Client
from rest_framework.test import APIClient
from sklearn.datasets import load_breast_cancer

from accounts.models import Institution, Role, User
from diagnosis.models import FnaBatch
from diagnosis.services.intake import SampleInput, submit_fna_samples
from jobs.runner import run
from ml.fna.schema import FEATURE_NAMES, LABELS

PASSWORD = "a long pass phrase"
HOME, AWAY = "North Hospital", "South Hospital"

MakeUser = Callable[..., User]
SignIn = Callable[..., Client]


def wdbc(count: int = 5) -> tuple[np.ndarray, list[int]]:
    """The first public WDBC samples (count, 30) and their outcomes, 1 malignant."""
    bunch = load_breast_cancer()
    return bunch.data[:count], [int(outcome) for outcome in 1 - bunch.target[:count]]


def csv_of(rows: Sequence[Sequence[float]], *, outcomes: Sequence[int] = (), ids: Sequence[str] = ()) -> bytes:
    """The rows as a CSV with a header; sample numbers and diagnoses where they are given."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*(["sample_id"] if ids else []), *(["diagnosis"] if outcomes else []), *FEATURE_NAMES])
    for index, row in enumerate(rows):
        writer.writerow([*([ids[index]] if ids else []), *([LABELS[outcomes[index]]] if outcomes else []), *list(row)])
    return out.getvalue().encode()


@pytest.fixture
def make_user(db: None) -> MakeUser:
    """Makes users of `HOME` unless told otherwise."""

    def make(name: str, role: str = Role.CLINICIAN, hospital: str = HOME) -> User:
        institution, _ = Institution.objects.get_or_create(name=hospital)
        return User.objects.create_user(
            email=f"{name}@example.org",
            password=PASSWORD,
            full_name=name.title(),
            institution=institution,
            role=role,
        )

    return make


@pytest.fixture
def owner(make_user: MakeUser) -> User:
    """The clinician who sends the samples."""
    return make_user("owner")


@pytest.fixture
def colleague(make_user: MakeUser) -> User:
    """A clinician of the same hospital."""
    return make_user("colleague")


@pytest.fixture
def outsider(make_user: MakeUser) -> User:
    """A clinician of another hospital."""
    return make_user("outsider", hospital=AWAY)


@pytest.fixture
def auditor(make_user: MakeUser) -> User:
    """An auditor of the same hospital."""
    return make_user("auditor", Role.AUDITOR)


@pytest.fixture
def sign_in() -> SignIn:
    """A browser in which this person is signed in: with password and second factor, `minutes_ago`."""

    def start(
        user: User, *, minutes_ago: float = 0, second_factor: bool = True, client: Client | None = None
    ) -> Client:
        client = client or Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        at = time.time() - minutes_ago * 60
        records = [{"method": "password", "at": at, "email": user.email}]
        if second_factor:
            records.append({"method": "mfa", "at": at, "type": "totp"})
        session = client.session
        session[login.AUTHENTICATION_METHODS_SESSION_KEY] = records
        session[login._AUTHENTICATION_METHODS_USER_SESSION_KEY] = user_id_to_str(user)
        session.save()
        return client

    return start


@pytest.fixture
def api() -> Callable[[User], APIClient]:
    """An API client of this person."""

    def start(user: User) -> APIClient:
        client = APIClient()
        client.force_authenticate(user)
        return client

    return start


@pytest.fixture
def scored_batch(owner: User) -> FnaBatch:
    """Five real samples of the owner, scored."""
    rows, outcomes = wdbc()
    samples = [
        SampleInput(measurements=row.tolist(), reference=f"S-{number}", known_outcome=outcome)
        for number, (row, outcome) in enumerate(zip(rows, outcomes, strict=True), start=1)
    ]
    batch = submit_fna_samples(user=owner, samples=samples, source=FnaBatch.Source.API)
    assert run(batch.job.public_id, worker="test")
    batch.job.refresh_from_db()
    return batch
