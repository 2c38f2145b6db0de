"""How a published set is cited."""

from synthesis.models import SyntheticSet


def citation_of(found: SyntheticSet, url: str) -> str:
    """The set's own words, or who, when, what and where in the usual order."""
    if found.citation:
        return found.citation
    year = found.published_at.year if found.published_at else found.ordered_at.year
    return f"{found.institution} ({year}). {found.title}, version {found.version} [synthetic data set]. {url}"
