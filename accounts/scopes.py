"""What an API token may be made for: each scope in plain words, and the roles that may do it at all (ACC-21).

A token does what its scopes say and its person's role allows; a view that names no scope is closed to tokens.
"""

from dataclasses import dataclass

from accounts.models.user import Role


@dataclass(frozen=True)
class Scope:
    """One permission: its name in the API, what it allows in words, and whose work that is."""

    name: str
    words: str
    roles: frozenset[str]


_CLINICIAN = frozenset({Role.CLINICIAN})
_RESEARCHER = frozenset({Role.RESEARCHER})
_DECIDERS = frozenset({Role.CLINICIAN, Role.ADMIN})
_WORKERS = frozenset({Role.CLINICIAN, Role.ADMIN, Role.RESEARCHER})
_READERS_OF_THE_TRAIL = frozenset({Role.AUDITOR, Role.ADMIN})
_EVERYBODY = frozenset(Role.values)

SCOPES: dict[str, Scope] = {
    scope.name: scope
    for scope in (
        Scope("cases:read", "See cases, samples and their answers", _CLINICIAN),
        Scope("cases:write", "Send FNA samples to be read", _CLINICIAN),
        Scope("studies:read", "See studies, uploads and the readings of their images", _CLINICIAN),
        Scope("studies:write", "Send images", _CLINICIAN),
        Scope("jobs:read", "See how far work is", _WORKERS),
        Scope("jobs:write", "Cancel work and start it again", _WORKERS),
        Scope("models:read", "See the installed models and what was decided about them", _EVERYBODY),
        Scope("models:write", "Propose, rehearse and decide on models", _DECIDERS),
        Scope("synthesis:read", "See synthetic sets, how they were made, and fetch their files", _EVERYBODY),
        Scope("synthesis:write", "Order synthetic sets", _RESEARCHER),
        Scope("audit:read", "Read the audit trail", _READERS_OF_THE_TRAIL),
    )
}


def open_to(role: str) -> list[Scope]:
    """The scopes that a person of this role can give to a token."""
    return [scope for scope in SCOPES.values() if role in scope.roles]
