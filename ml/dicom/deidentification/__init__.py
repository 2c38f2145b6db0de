"""De-identification of DICOM images after PS3.15 Annex E, Basic Application Level Confidentiality Profile.

`deidentify` gives the file to keep; `preview` what it would change; `mask_regions` blanks parts of a picture.
"""

from ml.dicom.deidentification.changes import Change
from ml.dicom.deidentification.deidentifying import Deidentified, NotDeidentified, deidentify, preview
from ml.dicom.deidentification.options import Options

__all__ = ["Change", "Deidentified", "NotDeidentified", "Options", "deidentify", "preview"]
