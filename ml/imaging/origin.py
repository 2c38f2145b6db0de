"""What a model card says of the pictures that a model learnt from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """Where a set of pictures comes from.

    Attributes:
        summary: one line, shown beside every answer.
        source: who made it, for citing.
        licence: under which it may be used.
    """

    summary: str
    source: str
    licence: str


BUSI = Origin(
    summary="623 breast ultrasound pictures (BUSI): 345 benign, 167 malignant, 111 without a lesion",
    source=(
        "BUSI: Al-Dhabyani, Gomaa, Khaled, Fahmy, “Dataset of breast ultrasound images”, Data in Brief 28 (2020) "
        "104863; Baheya Hospital, Cairo, 600 women aged 25 to 75, LOGIQ E9 scanners; the part of it that BreastMNIST "
        "(MedMNIST v2) uses for training and validation"
    ),
    licence="CC BY 4.0",
)
MODEL_NAMES = {"US": "Lobule ultrasound autoencoder-GAN", "MG": "Lobule mammography autoencoder-GAN"}
PICTURE_WORDS = {"US": "breast ultrasound picture", "MG": "mammogram"}


def model_name(modality: str) -> str:
    """The card's name for a model of a modality."""
    return MODEL_NAMES.get(modality, f"Lobule {modality} autoencoder-GAN")


def own_archive(name: str, counts: dict[str, int], source: str, licence: str) -> Origin:
    """The origin of an institution's own pictures."""
    told = ", ".join(f"{count} {label}" for label, count in counts.items() if count)
    summary = f"{sum(counts.values())} pictures ({name}): {told}"
    return Origin(summary, source or f"the institution's own archive ({name})", licence or "not stated")
