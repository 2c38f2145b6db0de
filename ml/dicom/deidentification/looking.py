"""Looks for writing in the frames of a decoded image, one after the other."""

from pathlib import Path
from typing import Final

import numpy as np

from ml.dicom.deidentification.text_search import Writing, find_writing, is_telling
from ml.dicom.frames import FrameSet
from ml.dicom.rendering import load_frame

MOST_FRAMES: Final = 400
WRITING: Final = "What looks like writing is in the picture (frame {frame}). Nobody has checked what it says."
TOO_LONG: Final = "The picture has more frames than are looked through for writing."


def pixels_reason(folder: Path, frames: FrameSet) -> str:
    """Why a person should look at the picture before it is used, or nothing (row DEID-8).

    Every frame is looked at, however long that takes (0.2 s for one of an ultrasound cine), until one has writing.
    A loop of more than `MOST_FRAMES` frames is for a person to look at.
    """
    for index in range(min(frames.frames, MOST_FRAMES)):
        if is_telling(writing_in(folder, frames, index)):
            return WRITING.format(frame=index + 1)
    return TOO_LONG if frames.frames > MOST_FRAMES else ""


def writing_in(folder: Path, frames: FrameSet, index: int) -> tuple[Writing, ...]:
    """Rows of glyphs in the frame of that index, from 0; padding counts as black."""
    frame = load_frame(folder, frames, index)
    if frames.padding is not None and frames.samples == 1:
        low, high = frames.padding
        frame = np.where((frame >= low) & (frame <= high), frame.dtype.type(frames.minimum), frame)
    return find_writing(frame)
