"""The API's documentation as a page of the site, written from the OpenAPI schema that the API serves.

Swagger UI needs inline styles, which the content security policy refuses, and screen readers cannot use it well.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from drf_spectacular.generators import SchemaGenerator

from webapp.api.schema import SCOPE, said

Schema = Mapping[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")
# drf-spectacular writes a parameter's choices as a Markdown list.
CHOICE = re.compile(r"^\* `([^`]*)` - (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Kind:
    """What a value is: words, then the objects (described elsewhere on the page) that it consists of."""

    words: str
    objects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Field:
    """A parameter, or a field of an object."""

    name: str
    kind: Kind
    is_required: bool
    description: str
    place: str = ""
    choices: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Body:
    """What is sent or answered in one media type."""

    media_type: str
    kind: Kind


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    anchor: str
    method: str
    path: str
    summary: str
    scope: str
    parameters: list[Field]
    bodies: list[Body]
    answers: list[tuple[str, list[Body]]]


@dataclass(frozen=True)
class Described:
    """An object that operations take or give."""

    name: str
    description: str
    fields: list[Field]
    kind: Kind


@dataclass(frozen=True)
class Documentation:
    """Everything that the page shows: operations by tag, and objects by name."""

    groups: dict[str, list[Operation]]
    objects: list[Described]


@require_GET
def api_docs(request: HttpRequest) -> HttpResponse:
    """How to use the API; open to everybody, as the schema is."""
    context = {"documentation": documentation(), "site": request.build_absolute_uri("/").rstrip("/")}
    return render(request, "api/docs.html", context)


@lru_cache(maxsize=1)
def documentation() -> Documentation:
    """The running site's API."""
    return describe(SchemaGenerator().get_schema(request=None, public=True))


def describe(schema: Schema) -> Documentation:
    """The documentation of an OpenAPI 3 schema."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in schema["paths"].items():
        for method in METHODS:
            if method in methods:
                operation = methods[method]
                groups.setdefault(operation["tags"][0], []).append(_operation(method, path, operation))
    return Documentation(groups, [_object(name, s) for name, s in schema["components"]["schemas"].items()])


def _operation(method: str, path: str, operation: Schema) -> Operation:
    scope = operation.get(SCOPE, "")
    return Operation(
        anchor=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation.get("summary") or operation.get("description", "").removesuffix(said(scope)).strip(),
        scope=scope,
        parameters=[_parameter(parameter) for parameter in operation.get("parameters", [])],
        bodies=list(_bodies(operation.get("requestBody", {}))),
        answers=[(code, list(_bodies(answer))) for code, answer in operation["responses"].items()],
    )


def _parameter(parameter: Schema) -> Field:
    description, choices = _choices(parameter.get("description", ""))
    return Field(
        name=parameter["name"],
        kind=kind_of(parameter["schema"]),
        is_required=parameter.get("required", False),
        description=description,
        place=parameter["in"],
        choices=choices,
    )


def _choices(description: str) -> tuple[str, list[tuple[str, str]]]:
    return CHOICE.sub("", description).strip(), CHOICE.findall(description)


def _bodies(content: Schema) -> Iterator[Body]:
    for media_type, body in content.get("content", {}).items():
        yield Body(media_type, kind_of(body.get("schema", {})))


def _object(name: str, schema: Schema) -> Described:
    required = schema.get("required", [])
    fields = []
    for field_name, field_schema in schema.get("properties", {}).items():
        description, choices = _choices(field_schema.get("description", ""))
        fields.append(Field(field_name, kind_of(field_schema), field_name in required, description, choices=choices))
    return Described(name, _choices(schema.get("description", ""))[0], fields, kind_of(schema))


def kind_of(schema: Schema) -> Kind:
    """What a value of this schema is."""
    if "$ref" in schema:
        return Kind("", (schema["$ref"].rsplit("/", 1)[-1],))
    for combination in ("oneOf", "anyOf", "allOf"):
        if combination in schema:
            kinds = [kind_of(option) for option in schema[combination]]
            words = " or ".join(kind.words for kind in kinds if kind.words)
            return Kind(words, tuple(name for kind in kinds for name in kind.objects))
    if schema.get("type") == "array":
        inner = kind_of(schema.get("items", {}))
        return Kind(f"list of {inner.words}".strip(), inner.objects)
    if "enum" in schema:
        return Kind(" or ".join("nothing" if value in ("", None) else str(value) for value in schema["enum"]))
    words = schema.get("format") or schema.get("type") or "any JSON value"
    return Kind(f"{words} or null" if schema.get("nullable") else words)
