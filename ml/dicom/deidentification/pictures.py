"""PNG, JPEG and TIFF pictures written anew from their decoded pixels, so that nothing else comes along.

Comments, EXIF blocks with place and time, thumbnails and colour profiles have no allow-list worth the name; pixels
do not need them. What was upright by its EXIF orientation is stored upright.
"""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from ml.dicom.deidentification.deidentifying import NotDeidentified
from ml.dicom.frames import FrameSet
from ml.dicom.rendering import load_frame


def rewrite_picture(folder: Path, frames: FrameSet) -> bytes:
    """The picture as PNG; as TIFF where it has several pages or 32-bit values.

    Raises:
        NotDeidentified: the pixels are of a kind that neither format holds.
    """
    pages = [_page(folder, frames, index) for index in range(frames.frames)]
    out = BytesIO()
    if len(pages) == 1 and frames.dtype in {"uint8", "uint16"}:
        pages[0].save(out, format="PNG", compress_level=3)
    else:
        pages[0].save(out, format="TIFF", compression="tiff_adobe_deflate", save_all=True, append_images=pages[1:])
    return out.getvalue()


def _page(folder: Path, frames: FrameSet, index: int) -> Image.Image:
    frame = load_frame(folder, frames, index)
    if frames.photometric == "MONOCHROME1":  # pictures are white where values are high
        frame = np.asarray(frames.maximum + frames.minimum - frame).astype(frame.dtype)
    if frames.dtype not in {"uint8", "uint16", "float32"}:
        raise NotDeidentified("Pictures of this kind can't be written anew. Send the picture as PNG.")
    return Image.fromarray(np.ascontiguousarray(frame))
