"""From which address a request comes, for the trail, the lock-out and the rate limits alike."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The client's address, or nothing when none can be known.

    Each proxy appends the address it was called from to `X-Forwarded-For`, so only the last `PROXY_COUNT` entries are
    the word of our own proxies; whatever stands before them the client may have made up.
    """
    peer = _address(request.META.get("REMOTE_ADDR", ""))
    count = settings.PROXY_COUNT
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if not count or len(hops) < count:
        return peer
    return _address(hops[-count]) or peer


def _address(text: str) -> str | None:
    """The address without a port, or nothing."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return None
