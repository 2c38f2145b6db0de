"""De-identification of DICOM images after PS3.15 Annex E, Basic Application Level Confidentiality Profile.

`deidentify` gives the file to keep; `preview` what it would change; `mask_regions` blanks parts of a picture.
"""

from ml.dicom.deidentification.changes import Change
from ml.dicom.deidentification.deidentifying import Deidentified, NotDeidentified, deidentify, preview
from ml.dicom.deidentification.looking import pixels_reason, writing_in
from ml.dicom.deidentification.masking import NotMasked, Region, mask_regions
from ml.dicom.deidentification.options import Options
from ml.dicom.deidentification.pictures import rewrite_picture

__all__ = [
    "Change",
    "Deidentified",
    "NotDeidentified",
    "NotMasked",
    "Options",
    "Region",
    "deidentify",
    "mask_regions",
    "pixels_reason",
    "preview",
    "rewrite_picture",
    "writing_in",
]
