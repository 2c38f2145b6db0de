"""A set in the words of its package."""

from django.conf import settings
from django.urls import reverse

from ml.packaging import SetDescription
from synthesis.citation import citation_of
from synthesis.models import Kind, SyntheticSet

_THINGS = {Kind.FNA: "rows of measurements of fine-needle aspirates", Kind.IMAGE: "pictures"}


def describe(synthetic_set: SyntheticSet) -> SetDescription:
    """The set's description, the same whenever it is asked for once the set was approved.

    Raises:
        ValueError: the set has no passport.
    """
    source = synthetic_set.source
    passport = synthetic_set.passport or {}
    url = page_of(synthetic_set)
    decided = synthetic_set.decided_at
    assert decided is not None  # a constraint of the table
    return SetDescription(
        identifier=str(synthetic_set.public_id),
        title=synthetic_set.title,
        version=str(synthetic_set.version),
        description=(
            f"{synthetic_set.total:,} synthetic {_THINGS[Kind(synthetic_set.kind)]}, made by "
            f"{synthetic_set.institution} with {synthetic_set.architecture} from the source “{source.name}”."
        ),
        licence=synthetic_set.licence,
        citation=citation_of(synthetic_set, url),
        creator=str(synthetic_set.institution),
        date=decided.date(),
        kind="fna" if synthetic_set.kind == Kind.FNA else "image",
        classes=synthetic_set.classes,
        counts=synthetic_set.counts,
        passport=passport,
        derived_from_patients=bool(passport.get("provenance", {}).get("derived_from_patients", False)),
        visible_mark=synthetic_set.visible_mark,
        source_words=f"“{source.name}” ({source.modality}), {source.get_consent_basis_display().lower()}.",
        url=url,
    )


def page_of(synthetic_set: SyntheticSet) -> str:
    """The set's page, under the first name that browsers may use for the site."""
    origin = next(iter(settings.CSRF_TRUSTED_ORIGINS), "http://localhost")
    return origin + reverse("synthetic-set-detail", args=[synthetic_set.public_id])
