"""Events of the audit trail on pages."""

from typing import Any

from django import template
from django.urls import reverse

from accounts.review import words

register = template.Library()

register.filter("purpose_words", words.purpose_words)
register.filter("role_words", words.role_words)
register.filter("object_words", words.object_words)

SECTIONS = (
    ("Events", "audit-list"),
    ("Activity", "audit-activity"),
    ("Daily review", "review-list"),
    ("Rules", "review-rules"),
    ("Retention", "audit-retention"),
)


@register.simple_tag(takes_context=True)
def audit_sections(context: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """The trail's pages: label, address, and whether it is the one shown."""
    path = context["request"].path
    links = [(label, reverse(name)) for label, name in SECTIONS]
    shown = max((href for _, href in links if path.startswith(href)), key=len, default="")
    return [(label, href, href == shown) for label, href in links]
