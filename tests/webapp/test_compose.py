"""docker-compose.yml follows the compose specification, fits the settings, and is closed to the outside."""

import json
import os
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
import yaml

from webapp.settings.env import VARIABLES

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = re.compile(r"\$\{(?P<name>[A-Z0-9_]+)(?:(?P<operator>:[?-])(?P<rest>[^}]*))?\}")
BY_NAME = {variable.name: variable for variable in VARIABLES}


@pytest.fixture(scope="module")
def text() -> str:
    return (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def compose(text: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


@pytest.fixture(scope="module")
def example() -> dict[str, str]:
    """The variables of .env.example."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def site_services(compose: dict[str, Any]) -> dict[str, Any]:
    """The services that run Lobule's own image."""
    return {name: service for name, service in compose["services"].items() if "build" in service}


def interpolated(value: str, environment: dict[str, str]) -> str:
    """The value as compose fills it in."""
    return REFERENCE.sub(lambda found: environment.get(found["name"]) or found["rest"], value)


def test_it_follows_the_compose_specification(compose: dict[str, Any]) -> None:
    vendored = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    schema = json.loads(vendored.read_text(encoding="utf-8"))

    jsonschema.Draft7Validator(schema).validate(compose)


def test_every_site_variable_is_one_that_the_settings_read(compose: dict[str, Any]) -> None:
    for name, service in site_services(compose).items():
        unknown = {key.removesuffix("_FILE") for key in service["environment"]} - BY_NAME.keys() - {"TMPDIR"}
        assert not unknown, name


def test_every_variable_that_production_requires_is_supplied(compose: dict[str, Any]) -> None:
    required = {variable.name for variable in VARIABLES if variable.required_in_production}
    for name, service in site_services(compose).items():
        supplied = {key.removesuffix("_FILE") for key in service["environment"]}
        assert required <= supplied, name


def test_production_starts_with_exactly_these_variables(compose: dict[str, Any]) -> None:
    answers = {variable.name: "x" * 64 for variable in VARIABLES} | {
        "MFA_ENCRYPTION_KEY": "x" * 43 + "=",
        "AUDIT_SIGNING_KEY": "x" * 43 + "=",
        "LOBULE_HOST": "lobule.example",
        "POSTGRES_PASSWORD": "p",
        "POSTGRES_APP_PASSWORD": "a",
        "REDIS_PASSWORD": "r",
        "EMAIL_URL": "smtp+tls://user:word@mail.example:587",
        "DEFAULT_FROM_EMAIL": "Lobule <no-reply@lobule.example>",
        "LOG_LEVEL": "",
    }
    variables = compose["services"]["web"]["environment"]
    filled_in = {key: interpolated(value, answers) for key, value in variables.items()}
    program = (
        "import django, json; from django.conf import settings as s; django.setup();"
        "print(json.dumps([s.DATABASES['default']['HOST'], s.CELERY_BROKER_URL,"
        "s.CACHES['default']['LOCATION'], s.STORAGES['phi']['OPTIONS']['bucket_name'],"
        "s.ALLOWED_HOSTS, s.EMAIL_HOST]))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=filled_in | {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "webapp.settings.production"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        "postgres",
        "redis://:r@redis:6379/0",
        "redis://:r@redis:6379/1",
        "lobule-phi",
        ["lobule.example", "127.0.0.1"],
        "mail.example",
    ]


def test_aud_06_only_migrations_run_as_the_owner_of_the_tables(compose: dict[str, Any]) -> None:
    roles = {
        name: urlsplit(interpolated(service["environment"]["DATABASE_URL"], {})).username
        for name, service in site_services(compose).items()
    }
    assert [name for name, role in roles.items() if role != "lobule_app"] == ["migrations"]
    assert roles["migrations"] == compose["services"]["postgres"]["environment"]["POSTGRES_USER"] == "lobule"
    migrations = compose["services"]["migrations"]["environment"]
    assert migrations["APP_DATABASE_URL"] == compose["services"]["web"]["environment"]["DATABASE_URL"]
    assert "APP_DATABASE_URL" not in compose["services"]["web"]["environment"]
    for name in ("web", "worker", "beat"):
        assert "database-role" in compose["services"][name]["depends_on"], name


def test_no_secret_stands_in_the_file(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for key, value in service.get("environment", {}).items():
            variable = BY_NAME.get(key)
            secret = variable.secret if variable else re.search("PASSWORD|SECRET|ACCESS_KEY|AUTH", key)
            if secret:
                assert ":?" in value, key


def test_the_example_names_every_variable_and_no_password(text: str, example: dict[str, str]) -> None:
    references = {found["name"]: found["operator"] for found in REFERENCE.finditer(text)}

    assert example.keys() == references.keys()
    for name, operator in references.items():
        assert bool(example[name]) == (operator == ":-"), name


def test_only_web_is_published_and_only_to_this_machine(compose: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}

    assert list(published) == ["web"]
    assert [interpolated(port, {}) for port in published["web"]] == ["127.0.0.1:8000:8000"]
    assert compose["networks"]["inside"]["internal"] is True
    on_the_outside = [name for name, service in compose["services"].items() if "outside" in service["networks"]]
    assert on_the_outside == ["web"]


def test_services_wait_for_conditions_that_can_come_true(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        for other, wait in service.get("depends_on", {}).items():
            if wait["condition"] == "service_healthy":
                assert "healthcheck" in services[other], (name, other)
            else:
                assert wait["condition"] == "service_completed_successfully", (name, other)
                assert services[other]["restart"] == "no", (name, other)


def test_what_runs_on_restarts_and_reports_its_health(compose: dict[str, Any]) -> None:
    once = {"migrations", "database-role", "buckets"}
    for name, service in compose["services"].items():
        assert service["restart"] == ("no" if name in once else "unless-stopped"), name
        # Beat and the sealer have no port to ask; web's readiness tells whether jobs progress, alerts whether seals do.
        assert ("healthcheck" in service) == (name not in once | {"beat", "sealer"}), name
