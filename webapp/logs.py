"""Log lines that cannot quote a patient.

Lines of ours hold identifiers only. What we don't write ourselves is held back here: an exception's message (a database
names the values of the row that it refused) and the remarks of libraries that read patients' files.
"""

import logging
from types import TracebackType

from jobs.traces import trace_without_values

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

# Their warnings quote the values that they stumble over.
READERS_OF_FILES = ("pydicom", "pynetdicom", "highdicom", "PIL", "dicomanonymizer", "py.warnings")


class ValuelessFormatter(logging.Formatter):
    """Prints where an exception arose and of what type, without its message."""

    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802 logging's own name
        return trace_without_values(ei[1]) if ei[1] is not None else ""

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 logging's own name
        return stack_info

    def format(self, record: logging.LogRecord) -> str:
        """The line; a trace that another handler has formatted already, with its message, is formatted anew."""
        kept, record.exc_text = record.exc_text, None
        try:
            return super().format(record)
        finally:
            record.exc_text = kept


class WithheldFilter(logging.Filter):
    """Lets a library say that something was odd and where in its code, not what it read."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.split(".")[0] in READERS_OF_FILES or record.name in READERS_OF_FILES:
            record.msg = f"({record.module}, line {record.lineno}: a remark about a file, withheld)"
            record.args = ()
            record.exc_info = None
        return True
