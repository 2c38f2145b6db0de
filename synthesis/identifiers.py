"""Public ids in a page's address."""

from uuid import UUID


def identifier(text: str) -> UUID | None:
    """The id, or None where the text is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
