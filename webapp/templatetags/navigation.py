"""The header's navigation: what each role's work needs."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.urls import reverse

from accounts.models import Role

register = template.Library()

EVERYONE = frozenset(Role.values)
CLINICAL = frozenset({Role.CLINICIAN})
MAKERS = frozenset({Role.RESEARCHER, Role.ADMIN})


@dataclass(frozen=True)
class Destination:
    """A page in the navigation, and the roles that see it."""

    label: str
    url_name: str
    roles: frozenset[str]


DESTINATIONS = (
    Destination("Worklist", "worklist", CLINICAL),
    Destination("Studies", "study-list", CLINICAL),
    Destination("Upload images", "image-upload", CLINICAL),
    Destination("Upload measurements", "fna-upload", CLINICAL),
    Destination("Batches", "batch-list", CLINICAL),
    Destination("Review", "quarantine-list", CLINICAL),
    Destination("Emergency access", "emergency-access", CLINICAL),
    Destination("Synthetic data", "synthetic-set-list", EVERYONE),
    Destination("Orders", "order-list", MAKERS),
    Destination("Sources", "source-list", MAKERS),
    Destination("Models", "model-list", frozenset({Role.CLINICIAN, Role.RESEARCHER, Role.ADMIN})),
    Destination("Audit trail", "audit-list", frozenset({Role.AUDITOR, Role.ADMIN})),
    Destination("Emergency accesses", "emergency-list", frozenset({Role.AUDITOR})),
    Destination("People", "people", frozenset({Role.ADMIN})),
    Destination("Intake", "intake-settings", frozenset({Role.ADMIN})),
    Destination("Single sign-on", "single-sign-on", frozenset({Role.ADMIN})),
    Destination("Tables", "admin:index", frozenset({Role.ADMIN})),
    Destination("API", "api-docs", EVERYONE),
)


@dataclass(frozen=True)
class Link:
    """A navigation link; `current` is the value of aria-current, empty elsewhere."""

    label: str
    href: str
    current: str


@register.simple_tag(takes_context=True)
def navigation_links(context: dict[str, Any]) -> list[Link]:
    """The signed-in person's navigation; nothing for the anonymous."""
    request = context.get("request")
    role = getattr(getattr(request, "user", None), "role", None)
    # Whoever still owes a second factor gets nowhere yet.
    if request is None or role is None or getattr(request, "owes_second_factor", False):
        return []
    links = [(d.label, reverse(d.url_name)) for d in DESTINATIONS if role in d.roles]
    section = max((href for _, href in links if request.path.startswith(href)), key=len, default=None)
    return [Link(label, href, _current(href, section, request.path)) for label, href in links]


def _current(href: str, section: str | None, path: str) -> str:
    if href != section:
        return ""
    return "page" if href == path else "true"
