"""What the trail's readers are told about patients: pseudonyms, and never a name or a number."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from uuid import UUID

from accounts.models import Institution
from diagnosis.models import Case, Patient

TITLES = frozenset({"dr", "prof", "professor", "mr", "mrs", "ms", "miss", "mx", "sir", "dame"})
MOST = 50


class Patients:
    """Patients of studies, and aspirates, which name no patient but have a number."""

    def find(self, institution: Institution, number: str) -> list[str]:
        """Pseudonyms by patient ID, accession number, or sample number; the case of letters does not matter."""
        own = Patient.objects.filter(institution=institution)
        by_id = own.filter(patient_id__iexact=number).values_list("public_id", flat=True)[:MOST]
        by_study = own.filter(studies__accession_number__iexact=number).values_list("public_id", flat=True)[:MOST]
        samples = Case.objects.filter(institution=institution, kind=Case.Kind.FNA, reference__iexact=number)
        by_sample = samples.values_list("public_id", flat=True)[:MOST]
        return [str(found) for rows in (by_id, by_study, by_sample) for found in rows]

    def aliases(self, institution: Institution, pseudonym: str) -> set[str]:
        """A patient stands in older events under the IDs of the cases about her studies."""
        try:
            wanted = UUID(pseudonym)
        except ValueError:
            return set()
        imaging = Case.objects.filter(institution=institution, kind=Case.Kind.IMAGING)
        patient = imaging.filter(public_id=wanted).values_list("study__patient__public_id", flat=True).first() or wanted
        cases = imaging.filter(study__patient__public_id=patient).values_list("public_id", flat=True)
        return {str(patient), *(str(case) for case in cases)}

    def named_like(
        self, institution: Institution, pseudonyms: Collection[str], people: Mapping[str, str]
    ) -> dict[str, list[str]]:
        """Family and given name alike, in any order, without titles, accents or case."""
        staff: dict[frozenset[str], list[str]] = {}
        for who, name in people.items():
            staff.setdefault(_words(name), []).append(who)
        staff.pop(frozenset(), None)
        patients = Patient.objects.filter(institution=institution, public_id__in=_uuids(pseudonyms)).exclude(name="")
        named = {str(patient.public_id): staff.get(_words(patient.display_name), []) for patient in patients}
        return {pseudonym: who for pseudonym, who in named.items() if who}


def _words(name: str) -> frozenset[str]:
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    words = frozenset(re.findall(r"[^\W\d_]+", plain)) - TITLES
    # A single word is too little to be anybody's name.
    return words if len(words) > 1 else frozenset()


def _uuids(texts: Collection[str]) -> list[UUID]:
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
