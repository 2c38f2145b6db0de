"""The passport of a synthetic set: what it is, how good it is, and what it gives away of the training records.

Its JSON form is kept with the set and travels in the package. Version 1 has these keys:

- `version`: 1.
- `kind`: "fna" or "image".
- `provenance`: see `Provenance`.
- `sizes`: records by part: `train`, `holdout`, `synthetic`.
- `quality`, `utility`, `privacy`: figures by name, see `Figure`.
- `formal_guarantee`: in words; "no formal guarantee" unless the generator was trained with differential privacy.
- `notes`: sentences on what was not measured, and why.
"""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from typing import Any, Literal

VERSION = 1
NO_GUARANTEE = "no formal guarantee"
_LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch")

Better = Literal["higher", "lower", "half"]
Kind = Literal["fna", "image"]


@dataclass(frozen=True)
class Figure:
    """One measured value.

    Attributes:
        value: finite.
        low: lower limit of its interval, None where it has none.
        high: upper limit of its interval, None where it has none.
        better: the direction that is better; "half" means that 0.5 is ideal.
        words: what the value is, in plain English.
        compared_with: what it is to be held against; empty where it stands for itself.
    """

    value: float
    low: float | None
    high: float | None
    better: Better
    words: str
    compared_with: str = ""

    def __post_init__(self) -> None:
        """Refuse what JSON can't hold."""
        for number in (self.value, self.low, self.high):
            if number is not None and not math.isfinite(number):
                raise ValueError(f"a figure must be finite, not {number}: {self.words}")


@dataclass(frozen=True)
class Provenance:
    """Where a set comes from.

    Attributes:
        kind: "fna" or "image".
        architecture: of the generator; empty where it isn't known.
        seeds: by purpose.
        weights_sha256: of the generator file; empty where it isn't known.
        source_sha256: of the training records.
        privacy: `{"epsilon", "delta", "unit"}` of training with differential privacy, or None.
        extractor: `{"name", "sha256"}` of what computed the features of pictures, or None.
        derived_from_patients: whether each record is a changed record of a patient (CycleGAN).
        software: versions by name.
        consent: the words on which records derived from patients may be passed on; empty where there are none.
    """

    kind: Kind
    architecture: str = ""
    seeds: dict[str, int] = field(default_factory=dict)
    weights_sha256: str = ""
    source_sha256: str = ""
    privacy: dict[str, Any] | None = None
    extractor: dict[str, str] | None = None
    derived_from_patients: bool = False
    software: dict[str, str] = field(default_factory=dict)
    consent: str = ""


@dataclass(frozen=True)
class Passport:
    """All of it; `notes` says what was not measured, and why."""

    kind: Kind
    provenance: Provenance
    sizes: dict[str, int]
    quality: dict[str, Figure]
    utility: dict[str, Figure]
    privacy: dict[str, Figure]
    notes: tuple[str, ...] = ()
    version: int = VERSION

    @property
    def formal_guarantee(self) -> str:
        """What differential privacy promises of this set, in words."""
        return formal_guarantee(self.provenance.privacy)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; no NaN, no infinity."""
        return {
            "version": self.version,
            "kind": self.kind,
            "provenance": asdict(self.provenance),
            "sizes": dict(self.sizes),
            **{
                part: {name: asdict(figure) for name, figure in getattr(self, part).items()}
                for part in ("quality", "utility", "privacy")
            },
            "formal_guarantee": self.formal_guarantee,
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Passport:
        """The passport that `as_dict` wrote.

        Raises:
            ValueError: for another version, or when a key is missing or unknown.
        """
        if values.get("version") != VERSION:
            raise ValueError(f"expected a passport of version {VERSION}, got {values.get('version')!r}")
        try:
            return cls(
                kind=values["kind"],
                provenance=Provenance(**values["provenance"]),
                sizes=dict(values["sizes"]),
                quality=_figures(values["quality"]),
                utility=_figures(values["utility"]),
                privacy=_figures(values["privacy"]),
                notes=tuple(values["notes"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"this is no passport: {error}") from error


def formal_guarantee(privacy: Mapping[str, Any] | None) -> str:
    """The promise of differential privacy in words.

    Args:
        privacy: `{"epsilon", "delta", "unit"}` as spent, or None.
    """
    if privacy is None:
        return NO_GUARANTEE
    unit = privacy.get("unit", "record")
    return (
        f"ε = {privacy['epsilon']:g}, δ = {privacy['delta']:g} for each {unit}: whatever was published might, up to "
        f"a factor of {math.exp(min(float(privacy['epsilon']), 700.0)):.3g} in its probability, as well have come "
        f"from a training without that {unit}; the promise may fail with probability {privacy['delta']:g}"
    )


def with_software(provenance: Provenance) -> Provenance:
    """The provenance with the versions of what the figures depend on, where it doesn't tell them."""
    found = {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}}
    return replace(provenance, software=found | provenance.software)


def _figures(values: Mapping[str, Any]) -> dict[str, Figure]:
    return {name: Figure(**figure) for name, figure in values.items()}
