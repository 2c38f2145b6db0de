"""An error's trace without what it says: a message may quote a patient's data."""

import traceback


def trace_without_values(error: BaseException) -> str:
    """Where an error arose and of what type, with its causes, without their messages."""
    lines = []
    cause: BaseException | None = error
    while cause is not None:
        kind = type(cause)
        frames = "".join(traceback.format_tb(cause.__traceback__))
        lines.append(f"{kind.__module__}.{kind.__qualname__}\n{frames}")
        cause = cause.__cause__ or cause.__context__
    return "caused by ".join(lines)
