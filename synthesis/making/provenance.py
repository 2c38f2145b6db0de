"""Where a set comes from, for its passport."""

from django.conf import settings

from ml.release.passport import Provenance
from synthesis.models import Kind, SourceDataset, SyntheticSet

Consent = SourceDataset.Consent
# A waiver lets researchers use the records; it lets nobody pass changed records of the patients on.
COVERS_PASSING_ON = frozenset({Consent.RESEARCH_CONSENT, Consent.PUBLIC, Consent.SIMULATED})


def provenance_of(
    synthetic_set: SyntheticSet,
    *,
    weights_sha256: str,
    privacy: dict[str, object] | None,
    derived_from_patients: bool = False,
) -> Provenance:
    """The set's origin.

    Args:
        synthetic_set: with its source.
        weights_sha256: of the generator's file.
        privacy: the guarantee that was kept, as the generator's card tells it.
        derived_from_patients: whether each record is a patient's, changed.
    """
    source, seed = synthetic_set.source, synthetic_set.seed
    covered = source.consent_basis in COVERS_PASSING_ON
    return Provenance(
        kind="fna" if synthetic_set.kind == Kind.FNA else "image",
        architecture=synthetic_set.architecture,
        seeds={"division": seed, "training": seed, "sampling": seed},
        weights_sha256=weights_sha256,
        # A guarantee covers whatever depends on a single record, as the hash of them all does.
        source_sha256=source.sha256 if privacy is None else "",
        privacy=privacy,
        derived_from_patients=derived_from_patients,
        software={"lobule": settings.VERSION},
        consent=f"{source.get_consent_basis_display()}: {source.consent_reference}" if covered else "",
    )
