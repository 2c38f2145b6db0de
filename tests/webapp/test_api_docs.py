"""The API's documentation page."""

from typing import Any

import pytest
from django.test import Client

from webapp.api.docs import Kind, describe, documentation, kind_of


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string", "format": "uuid"}, Kind("uuid")),
        ({"type": "number", "nullable": True}, Kind("number or null")),
        ({"$ref": "#/components/schemas/Case"}, Kind("", ("Case",))),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Case"}}, Kind("list of", ("Case",))),
        ({"type": "array", "items": {"type": "string"}}, Kind("list of string")),
        (
            {"oneOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}]},
            Kind("", ("A", "B")),
        ),
        ({"enum": ["benign", "malignant", ""]}, Kind("benign or malignant or nothing")),
        ({}, Kind("any JSON value")),
    ],
)
def test_kinds_say_what_a_value_is(schema: dict[str, Any], kind: Kind) -> None:
    assert kind_of(schema) == kind


def test_a_parameter_s_choices_are_taken_out_of_its_description() -> None:
    schema = {
        "paths": {
            "/things/": {
                "get": {
                    "operationId": "things_list",
                    "tags": ["things"],
                    "description": "All of them.",
                    "parameters": [
                        {
                            "name": "sort",
                            "in": "query",
                            "schema": {"type": "string"},
                            "description": "Order\n\n* `newest` - Newest first\n* `oldest` - Oldest first",
                        }
                    ],
                    "responses": {"204": {"description": "No response body"}},
                }
            }
        },
        "components": {"schemas": {}},
    }
    (operation,) = describe(schema).groups["things"]
    (parameter,) = operation.parameters
    assert (parameter.description, parameter.choices) == (
        "Order",
        [("newest", "Newest first"), ("oldest", "Oldest first")],
    )
    assert operation.answers == [("204", [])]


def test_every_object_that_is_named_is_described() -> None:
    described = documentation()
    named = {
        name
        for operations in described.groups.values()
        for operation in operations
        for body in [*operation.bodies, *(body for _, answers in operation.answers for body in answers)]
        for name in body.kind.objects
    } | {name for thing in described.objects for field in thing.fields for name in field.kind.objects}
    assert "Case" in named
    assert named <= {thing.name for thing in described.objects}


def test_the_page_shows_every_operation_to_anybody(client: Client) -> None:
    html = client.get("/api/v1/docs/").content.decode()
    operations = [operation for group in documentation().groups.values() for operation in group]
    assert len(operations) > 10
    for operation in operations:
        assert f'id="{operation.anchor}"' in html
        assert operation.path in html
    assert "http://testserver/api/v1/auth/token/" in html
