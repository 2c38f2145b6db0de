"""Whether a synthetic set may leave the house, judged from its passport alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ml.release.bounds import BOUNDS, FEWEST, REQUIRED
from ml.release.passport import Figure, Passport


@dataclass(frozen=True)
class Reason:
    """Why a set is blocked.

    Attributes:
        code: stable, for programs.
        message: what is wrong and what to do, for people.
        figure: the value that was too high or too low, None where something is missing.
        bound: what it was held against, None likewise.
    """

    code: str
    message: str
    figure: float | None = None
    bound: float | None = None


@dataclass(frozen=True)
class Verdict:
    """The gate's answer; there are reasons exactly when the set is not releasable."""

    releasable: bool
    reasons: tuple[Reason, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"releasable": self.releasable, "reasons": [asdict(reason) for reason in self.reasons]}


def judge(passport: Passport | None) -> Verdict:
    """Judge a set; a missing passport, a missing figure or too few records block it like a leak does."""
    reasons = tuple(_reasons(passport))
    return Verdict(not reasons, reasons)


def _reasons(passport: Passport | None) -> Iterator[Reason]:
    if passport is None:
        yield Reason("no_passport", "There is no passport. Examine the set against its training and hold-out records.")
        return
    yield from _missing(passport)
    for part, fewest in FEWEST.items():
        count = passport.sizes.get(part, 0)
        if count < fewest:
            yield Reason(
                "too_few_records",
                f"Only {count} {part} records: leaks can't be told from chance below {fewest}. Provide more.",
                float(count),
                float(fewest),
            )
    yield from leaks(passport.privacy)
    provenance = passport.provenance
    if provenance.derived_from_patients and not provenance.consent.strip():
        yield Reason(
            "no_consent",
            "Each of these records is a changed record of a patient, not a new one, and no consent to pass such "
            "records on is named. Name it in the source's consent, or choose an architecture that draws new records.",
        )


def leaks(privacy: Mapping[str, Figure]) -> list[Reason]:
    """What of a passport's privacy figures exceeds its bound; a missing one is no leak (`judge` sees to it)."""
    return [
        Reason(bound.code, bound.message, bound.read(privacy[bound.figure]), bound.most)
        for bound in BOUNDS
        if bound.figure in privacy and bound.read(privacy[bound.figure]) > bound.most
    ]


def _missing(passport: Passport) -> Iterator[Reason]:
    for part, names in REQUIRED[passport.kind].items():
        absent = [name for name in names if name not in getattr(passport, part)]
        if absent:
            yield Reason(
                f"missing_{part}",
                f"The passport lacks {', '.join(name.replace('_', ' ') for name in absent)}. Examine the set again, "
                "with training and hold-out records of every class.",
            )
