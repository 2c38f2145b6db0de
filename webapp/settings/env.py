"""Every environment variable that the site reads, typed, in one list.

A value may come from `NAME` or, as Docker secrets do, from the file named by `NAME_FILE`.
The deployment guide's table and the compose file are checked against this list.
"""

import base64
from dataclasses import dataclass
from typing import Any, Literal

import environ
from django.core.exceptions import ImproperlyConfigured

Kind = Literal["str", "bool", "int", "list"]


@dataclass(frozen=True)
class Variable:
    """One environment variable: what it is for, its type, and what holds when it is absent."""

    name: str
    kind: Kind
    help: str
    default: Any = None
    required_in_production: bool = False
    secret: bool = False


VARIABLES: tuple[Variable, ...] = (
    Variable(
        "SECRET_KEY",
        "str",
        "Signs sessions and tokens; 50 or more random characters.",
        required_in_production=True,
        secret=True,
    ),
    Variable(
        "DATABASE_URL",
        "str",
        "postgres://user:password@host:5432/name",
        required_in_production=True,
        secret=True,
    ),
    Variable(
        "APP_DATABASE_URL",
        "str",
        "Given to `manage.py grant_database_roles` only, beside the owner's DATABASE_URL: the URL that the site itself "
        "uses, whose role that command makes.",
        default="",
        secret=True,
    ),
    Variable(
        "REDIS_URL",
        "str",
        "redis://:password@host:6379 – database 0 carries jobs, database 1 the cache.",
        required_in_production=True,
        secret=True,
    ),
    Variable(
        "STORAGE_URL",
        "str",
        "s3://PREFIX?endpoint_url=https://host&region=name, gs://PREFIX?credentials_file=/file, "
        "azure://ACCOUNT/PREFIX?key_file=/file (buckets PREFIX-phi, PREFIX-synthetic, PREFIX-audit) "
        "or file:///absolute/folder.",
        required_in_production=True,
    ),
    Variable(
        "DEIDENTIFICATION_KEY",
        "str",
        "Keys the replacement of identities; 50 or more random characters. Whoever changes it breaks the link between "
        "earlier and later images of a patient.",
        required_in_production=True,
        secret=True,
    ),
    Variable(
        "MFA_ENCRYPTION_KEY",
        "str",
        "Encrypts the second factors' secrets: 32 random bytes, URL-safe base64. Whoever changes it makes everybody "
        "set up their authenticator app anew.",
        required_in_production=True,
        secret=True,
    ),
    Variable(
        "MFA_FORMER_ENCRYPTION_KEYS",
        "list",
        "Earlier values of MFA_ENCRYPTION_KEY, which still decrypt, until `manage.py encrypt_second_factors_anew` has "
        "run.",
        [],
        secret=True,
    ),
    Variable(
        "AUDIT_SIGNING_KEY",
        "str",
        "Signs the audit trail's digests (Ed25519): 32 random bytes, URL-safe base64. Keep its public half, which "
        "`manage.py audit_public_key` prints, where auditors find it.",
        required_in_production=True,
        secret=True,
    ),
    Variable(
        "AUDIT_EARLIER_PUBLIC_KEYS",
        "list",
        "Public halves (URL-safe base64) of signing keys that were used before, so that their digests still verify.",
        default=[],
    ),
    Variable(
        "UPLOAD_SPOOL_DIR",
        "str",
        "Folder where images lie while they arrive, with space for them; shared by all web processes and workers.",
        required_in_production=True,
    ),
    Variable("S3_ACCESS_KEY_ID", "str", "Access key for s3:// storage.", default="", secret=True),
    Variable("S3_SECRET_ACCESS_KEY", "str", "Secret key for s3:// storage.", default="", secret=True),
    Variable("ALLOWED_HOSTS", "list", "Host names the site answers to.", required_in_production=True),
    Variable(
        "CSRF_TRUSTED_ORIGINS",
        "list",
        "Origins (https://host) that may post forms.",
        required_in_production=True,
    ),
    Variable("EMAIL_URL", "str", "smtp+tls://user:password@host:587 for password resets.", "consolemail://"),
    Variable("DEFAULT_FROM_EMAIL", "str", "Sender of the site's messages.", "Lobule <no-reply@localhost>"),
    Variable("BEHIND_TLS_PROXY", "bool", "A proxy ends TLS and sets X-Forwarded-Proto.", True),
    Variable(
        "PROXY_COUNT",
        "int",
        "Proxies of yours in front, each adding the address it was called from to X-Forwarded-For; read only behind a "
        "TLS proxy. Too many, and clients can make up their address; too few, and all seem to come from one.",
        1,
    ),
    Variable("LOG_LEVEL", "str", "DEBUG, INFO, WARNING or ERROR.", "INFO"),
    Variable("VAR_DIR", "str", "Folder for the demo's database, files and messages.", ""),
)

_BY_NAME = {variable.name: variable for variable in VARIABLES}
_ENV = environ.FileAwareEnv()


def read(name: str) -> Any:
    """The variable's value in its type, or its default.

    Raises:
        ImproperlyConfigured: the value does not fit the type.
        KeyError: the variable is not in `VARIABLES`.
    """
    variable = _BY_NAME[name]
    reader = getattr(_ENV, variable.kind)
    try:
        value = reader(name, default=variable.default)
    except (ValueError, TypeError) as error:
        raise ImproperlyConfigured(f"{name}: expected {variable.kind}. {variable.help}") from error
    return value.strip() if isinstance(value, str) else value


def is_32_bytes(value: str) -> bool:
    """Whether the value is 32 bytes in URL-safe base64."""
    try:
        return len(base64.b64decode(value, altchars=b"-_", validate=True)) == 32
    except ValueError:
        return False


def missing_in_production() -> list[str]:
    """Names of the variables that production needs and does not have."""
    return [v.name for v in VARIABLES if v.required_in_production and not read(v.name)]


def email_settings() -> dict[str, Any]:
    """Django's e-mail settings from `EMAIL_URL`."""
    return dict(_ENV.email_url_config(read("EMAIL_URL")))
