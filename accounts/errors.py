"""Errors that say what a person can do about them, each with its HTTP status."""

from typing import Any


class DomainError(Exception):
    """A request that a service refuses. `code` is stable; the message is shown to the person."""

    status = 422
    code = "refused"

    def __init__(self, message: str, *, code: str | None = None, problems: list[dict[str, Any]] | None = None) -> None:
        super().__init__(message)
        self.code = code or self.code
        self.problems = problems or []


class Conflict(DomainError):
    """The request contradicts what is already there."""

    status = 409
    code = "conflict"


class AuditUnavailable(DomainError):
    """The audit trail cannot be written, so nothing about a patient may be shown or changed."""

    status = 503
    code = "audit_unavailable"
