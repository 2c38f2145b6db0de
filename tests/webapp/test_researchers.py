"""ACC-17: nothing that the API gives a researcher names a patient."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator

from accounts.models import User
from diagnosis.models import Case, FnaBatch, FnaSample
from tests.cast import SignIn
from tests.studies import ramp, store_answer, store_image, store_series, store_study
from tests.webapp.role_addresses import address
from tests.webapp.role_matrix import MATRIX
from tests.webapp.test_role_matrix import cast, status_of

__all__ = ["cast"]

pytestmark = pytest.mark.django_db

PLANTED = "PLANTED-JANE"
RESEARCHER = 4  # the column of the matrix
NAMES_A_PATIENT = {
    "patient",
    "patient_id",
    "patient_name",
    "birth_date",
    "reference",
    "measurements",
    "accession_number",
    "file_name",
    "known_outcome",
}


def open_to_researchers() -> list[str]:
    return [route for route, answers in MATRIX.items() if route.startswith("api-") and answers[RESEARCHER] == 200]


def test_acc_17_there_is_something_to_look_at() -> None:
    assert {"api-model-list", "api-job-list"} <= set(open_to_researchers())


@pytest.mark.parametrize("route", open_to_researchers())
def test_acc_17_no_answer_names_a_patient(
    route: str, cast: dict[str, Client], scored_batch: FnaBatch, owner: User
) -> None:
    url = address(route, scored_batch)
    Case.objects.update(reference=PLANTED)
    FnaBatch.objects.update(file_name=PLANTED)
    store_answer(store_image(owner, store_series(store_study(owner, name=PLANTED, patient_id=PLANTED)), [ramp()]))
    answer = cast["researcher"].get(url)
    assert status_of(answer) == 200
    assert PLANTED not in answer.content.decode()
    if route not in {"api-schema", "api-docs"}:
        assert not fields_of(answer.json()) & NAMES_A_PATIENT


def test_acc_17_what_a_researcher_may_not_open_is_refused_in_every_form(
    scored_batch: FnaBatch, cast: dict[str, Client]
) -> None:
    sample = FnaSample.objects.first()
    assert sample is not None
    for route in ("api-case-detail", "api-fna-sample-detail"):
        answer = cast["researcher"].get(reverse(route, args=[sample.case.public_id]))
        assert answer.status_code == 403
        assert "S-" not in answer.content.decode()


def test_acc_17_the_schema_names_no_such_field_where_researchers_may_read(sign_in: SignIn) -> None:
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    paths = [path for path in schema["paths"] if path.startswith(("/api/v1/models", "/api/v1/jobs"))]
    assert paths
    for path in paths:
        for name in components_of(schema, schema["paths"][path].get("get", {})):
            assert not set(schema["components"]["schemas"][name].get("properties", {})) & NAMES_A_PATIENT, (path, name)


def fields_of(document: Any) -> set[str]:
    """The names of all fields, however deep."""
    if isinstance(document, dict):
        return set(document).union(*(fields_of(value) for value in document.values()))
    if isinstance(document, list):
        return set().union(*(fields_of(value) for value in document))
    return set()


def components_of(schema: dict[str, Any], node: Any, seen: frozenset[str] = frozenset()) -> set[str]:
    """The names of the components that a part of the schema leads to."""
    if isinstance(node, list):
        return set().union(*(components_of(schema, item, seen) for item in node))
    if not isinstance(node, dict):
        return set()
    found: set[str] = set()
    for key, value in node.items():
        if key == "$ref" and (name := value.rsplit("/", 1)[1]) not in seen:
            found |= {name} | components_of(schema, schema["components"]["schemas"][name], seen | {name})
        else:
            found |= components_of(schema, value, seen)
    return found
