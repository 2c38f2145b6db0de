"""The generators that can be ordered."""

from dataclasses import dataclass

from synthesis.models import Kind

TABULAR = "tabular-gan"


@dataclass(frozen=True)
class Architecture:
    """A generator.

    Attributes:
        name: as `ml.gan` knows it.
        kind: what it makes, one of `Kind`.
        can_be_private: whether it can be trained with a differential-privacy budget.
        derives_from_patients: each picture is made from a single patient's picture.
    """

    name: str
    kind: str
    can_be_private: bool = False
    derives_from_patients: bool = False


ARCHITECTURES: dict[str, Architecture] = {
    one.name: one
    for one in (
        Architecture("optimized-cgan", Kind.IMAGE),
        Architecture("stylegan", Kind.IMAGE),
        Architecture("optimized-dcgan", Kind.IMAGE),
        Architecture("cgan", Kind.IMAGE, can_be_private=True),
        Architecture("dcgan", Kind.IMAGE),
        Architecture("cyclegan", Kind.IMAGE, derives_from_patients=True),
        Architecture(TABULAR, Kind.FNA, can_be_private=True),
    )
}


def architectures_for(kind: str) -> list[Architecture]:
    """Those that make this kind of data, the recommended one first."""
    return [one for one in ARCHITECTURES.values() if one.kind == kind]
