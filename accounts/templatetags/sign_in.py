"""How codes and keys are written for people."""

from typing import Any
from urllib.parse import quote

from allauth.mfa.models import Authenticator
from django import template

from accounts.models import SingleSignOn

register = template.Library()

NAMES = {Authenticator.Type.TOTP: "Authenticator app", Authenticator.Type.WEBAUTHN: "Passkey"}


@register.filter
def in_fours(code: str) -> str:
    """A key or a code in groups of four, which are easier to copy; spaces count for nothing when it is typed."""
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))


@register.filter
def as_text_file(codes: list[str]) -> str:
    """The address of a text file with one code on each line, made in the page itself: no server sends it again."""
    return "data:text/plain;charset=utf-8," + quote(
        "Lobule recovery codes\n\n" + "\n".join(map(in_fours, codes)) + "\n"
    )


@register.simple_tag(takes_context=True)
def second_factors(context: dict[str, Any]) -> list[str]:
    """What the signed-in person shows besides the password."""
    kinds = Authenticator.objects.filter(user=context["request"].user).order_by("type").values_list("type", flat=True)
    return [name for kind, name in NAMES.items() if kind in set(kinds)]


@register.simple_tag
def single_sign_on_offered() -> bool:
    """Whether an institution's people can sign in with their account there."""
    return SingleSignOn.objects.filter(is_enabled=True).exists()
