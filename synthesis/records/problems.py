"""What is wrong with an upload: with one record of it, or as a whole."""

from dataclasses import asdict, dataclass
from typing import Any

from accounts.errors import DomainError

MOST_LISTED = 200


@dataclass(frozen=True)
class Problem:
    """One record that was left out, or a remark.

    Attributes:
        file: which record: its name in the archive, or the row of the table.
        message: what is wrong and how to mend it.
    """

    file: str
    message: str


class UnusableUpload(DomainError):
    """Nothing of an upload can be used; `problems` says of each record why."""

    code = "unusable_source"

    def __init__(self, message: str, problems: list[Problem] | None = None) -> None:
        super().__init__(message, problems=as_json(problems or []))


def as_json(problems: list[Problem]) -> list[dict[str, Any]]:
    """The first of them, and how many more there are."""
    more = len(problems) - MOST_LISTED
    if more > 0:
        problems = [*problems[:MOST_LISTED], Problem("", f"And {more:,} more like these.")]
    return [asdict(problem) for problem in problems]
