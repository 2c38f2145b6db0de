"""What the API answers is what its OpenAPI schema says, field by field."""

from collections.abc import Callable
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator, FormatChecker
from rest_framework.test import APIClient

from accounts.models import User
from synthesis.models import Stage
from tests.synthesis.stored import store_file, store_order, store_source

pytestmark = pytest.mark.django_db
SETS, SOURCES = "/api/v1/synthetic-sets/", "/api/v1/synthetic-sources/"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The site's schema, in the words of JSON Schema."""
    return dict(_in_json_schema(SchemaGenerator().get_schema(request=None, public=True)))


def _in_json_schema(part: Any) -> Any:
    """OpenAPI 3.0 says `nullable` where JSON Schema names the type null."""
    if isinstance(part, list):
        return [_in_json_schema(one) for one in part]
    if not isinstance(part, dict):
        return part
    told = {name: _in_json_schema(value) for name, value in part.items()}
    return {"anyOf": [told, {"type": "null"}]} if told.pop("nullable", False) else told


def faults(schema: dict[str, Any], name: str, answer: Any) -> list[str]:
    """Where an answer is not of the schema's object, and which fields the schema does not name."""
    wanted = {"$ref": f"#/components/schemas/{name}", "components": schema["components"]}
    found = [
        error.message for error in Draft202012Validator(wanted, format_checker=FormatChecker()).iter_errors(answer)
    ]
    named = schema["components"]["schemas"][name]
    assert set(named["required"]) == set(named["properties"])  # each answer has every field
    return found + [f"{field} is not named" for field in answer if field not in named["properties"]]


def test_answers_are_what_the_schema_says(
    schema: dict[str, Any],
    researcher: User,
    fellow: User,
    admin: User,
    api: Callable[[User], APIClient],
) -> None:
    source = store_source(admin)
    first = store_order(researcher, source, stage=Stage.PUBLISHED, decided_by=admin)
    store_file(first)
    orders = [
        first,
        store_order(researcher, source),
        store_order(researcher, source, stage=Stage.BLOCKED, replaces=first, version=2, epsilon=3, delta=1e-5),
    ]
    for user in (researcher, fellow):
        client = api(user)
        for order in orders:
            told = client.get(f"{SETS}{order.public_id}/").json()
            assert faults(schema, "SyntheticSetDetail", told) == []
            assert (told["job"] is None) is (user == fellow)  # whose job is not theirs to see
        for told in client.get(SETS).json()["results"]:
            assert faults(schema, "SyntheticSet", told) == []
        assert faults(schema, "Source", client.get(f"{SOURCES}{source.public_id}/").json()) == []
        link = client.get(f"{SETS}{first.public_id}/files/set.zip/").json()
        assert faults(schema, "Link", link) == []
