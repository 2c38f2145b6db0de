"""How many requests a minute a person, and an address, may send to the API (ACC-22).

The counts stand in the cache that all web processes share. They are there against runaway programs and floods, not to
ration work: what a browser or an upload of a whole archive needs lies far below them. A count that cannot be kept lets
the request through, for a cache out of reach must not keep a clinician from a patient's images.
"""

import logging
import time
from collections.abc import Callable
from typing import Any, Literal

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.sign_in.client_address import client_address
from accounts.sign_in.lock_out import too_many

Kind = Literal["person", "address"]
WINDOW = 60
USUAL_SCOPE = "api"

logger = logging.getLogger(__name__)


def seconds_to_wait(scope: str, kind: Kind, who: object) -> int:
    """Counts one more request; 0 when it is within the limit, else the seconds until the next minute's count begins."""
    limit = settings.API_RATES[scope].get(kind)
    if limit is None:
        return 0
    now = time.time()
    minute = int(now // WINDOW)
    key = f"api-rate:{scope}:{kind}:{who}:{minute}"
    try:
        cache.add(key, 0, timeout=2 * WINDOW)
        count = cache.incr(key)
    except (RedisError, OSError, ValueError) as error:
        # ValueError: the entry went between the two steps.
        logger.warning("A request to the API was not counted: %s", type(error).__name__)
        return 0
    return 0 if count <= limit else max(1, int((minute + 1) * WINDOW - now))


def scope_of(view: Any) -> str:
    """Under which of the settings' `API_RATES` a view counts: its `throttle_scope`, or the usual one."""
    return getattr(view, "throttle_scope", None) or USUAL_SCOPE


class PerPerson(BaseThrottle):
    """Counts a person's requests, by whatever token or session they come. DRF answers 429 with Retry-After."""

    seconds = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            return True
        self.seconds = seconds_to_wait(scope_of(view), "person", request.user.pk)
        return self.seconds == 0

    def wait(self) -> float:
        return self.seconds


class AddressRateMiddleware:
    """Counts an address's requests to the API before anybody looks at who they are from: guesses count as well."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """429 once the address has sent too many."""
        if not hasattr(view, "cls"):  # no view of DRF's
            return None
        seconds = seconds_to_wait(scope_of(view.cls), "address", client_address(request))
        return too_many(request, seconds) if seconds else None
