"""Which function does which kind of job."""

from collections.abc import Callable

from jobs.claims import ClaimedJob
from jobs.errors import UserFacingJobError

Handler = Callable[[ClaimedJob], None]

_HANDLERS: dict[str, Handler] = {}


def register(kind: str) -> Callable[[Handler], Handler]:
    """Names the function that does jobs of this kind.

    A handler may be killed anywhere and called again for the same job, so it starts by looking what is
    already there, and writes only inside `claimed.writing()`.

    Raises:
        ValueError: another function does this kind already.
    """

    def add(handler: Handler) -> Handler:
        if _HANDLERS.setdefault(kind, handler) is not handler:
            raise ValueError(f"Jobs of kind {kind!r} are already done by {_HANDLERS[kind].__qualname__}.")
        return handler

    return add


def handler_for(kind: str) -> Handler:
    """The function that does jobs of this kind.

    Raises:
        UserFacingJobError: no installed app does such jobs.
    """
    try:
        return _HANDLERS[kind]
    except KeyError:
        raise UserFacingJobError(
            "unknown_kind",
            f"This site cannot do jobs of the kind “{kind}”. Its workers may run another release than its "
            "web pages: ask your administrator.",
        ) from None
