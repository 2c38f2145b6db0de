"""What every page's template knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.demo import sign_ins


def site(request: HttpRequest) -> dict[str, Any]:
    """The version, and the demo's sign-ins where the demo settings show them."""
    return {
        "version": settings.VERSION,
        "is_demo": settings.SHOW_DEMO_SIGN_INS,
        "demo_sign_ins": sign_ins() if settings.SHOW_DEMO_SIGN_INS else [],
    }
