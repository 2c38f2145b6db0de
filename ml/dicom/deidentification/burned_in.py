"""What the header says about identifying text in the pixels, and when its silence is reason enough to look.

PS3.15 E.3.1 leaves burned-in text to people; so does this: a picture that may hold some waits for one.
"""

from typing import Final

from pydicom.dataset import Dataset

_SECONDARY_CAPTURE: Final = "1.2.840.10008.5.1.4.1.1.7"
_ULTRASOUND: Final = ("1.2.840.10008.5.1.4.1.1.3", "1.2.840.10008.5.1.4.1.1.6")
_VISIBLE_LIGHT: Final = "1.2.840.10008.5.1.4.1.1.77.1"
_SCANNED: Final = frozenset({"DV", "DF", "DRW", "SD", "SI", "WSD"})
_MODALITIES: Final = frozenset({"SC", "US", "OT", "IVUS", "ES", "XC", "GM", "RG", ""})
_SCREEN: Final = frozenset({"SCREEN SAVE", "SCREEN_SAVE", "SCREENSAVE", "SCREENSHOT", "DOSE_INFO"})

FLAGGED: Final = "The file says that text is burned into the picture."
RECOGNISABLE: Final = "The file says that the patient can be recognised in the picture."
UNSAID: Final = (
    "This kind of picture (ultrasound, screen capture, scan or photograph) often shows the patient’s name, and the "
    "file does not say that this one is free of it."
)


def header_reason(ds: Dataset) -> str:
    """Why a person should look at the picture before it is used, or nothing (row DEID-7)."""
    said = _code(ds, "BurnedInAnnotation")
    if said == "YES":
        return FLAGGED
    if _code(ds, "RecognizableVisualFeatures") == "YES":
        return RECOGNISABLE
    return UNSAID if said != "NO" and _often_has_text(ds) else ""


def _often_has_text(ds: Dataset) -> bool:
    sop_class = str(ds.get("SOPClassUID", ""))
    image_type = {str(part).strip().upper() for part in _several(ds, "ImageType")}
    return (
        sop_class == _SECONDARY_CAPTURE
        or sop_class.startswith((_SECONDARY_CAPTURE + ".", *_ULTRASOUND, _VISIBLE_LIGHT))
        or _code(ds, "Modality") in _MODALITIES
        or _code(ds, "ConversionType") in _SCANNED
        or not image_type.isdisjoint(_SCREEN)
    )


def _code(ds: Dataset, keyword: str) -> str:
    """A code in capitals; several values are none, for they contradict each other."""
    values = _several(ds, keyword)
    return str(values[0]).strip(" \0").upper() if len(values) == 1 else ""


def _several(ds: Dataset, keyword: str) -> list[object]:
    try:
        value = ds.get(keyword)
    except (ValueError, TypeError, AttributeError):
        return []
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) or hasattr(value, "insert") else [value]
