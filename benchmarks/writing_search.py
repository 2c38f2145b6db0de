"""How much planted writing the search in the pixels finds, as a Markdown table.

    python -m benchmarks.writing_search

Writing is drawn at several sizes and contrasts on made-up backgrounds; printed is the share found, by size and
contrast, beside what is found without looking at the picture's relief.
"""

from collections import defaultdict
from collections.abc import Iterator
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from ml.dicom.deidentification import text_search
from ml.dicom.deidentification.text_search import Writing, find_writing, is_telling

Picture = NDArray[np.uint8]

SIZES = (8, 10, 11, 12, 16, 20, 24)  # px, as the font counts them
CONTRASTS = (30, 45, 60, 90, 140)  # of 255, against the middle of what lies under the writing
TEXTS = ("DOE^JANE 19510829", "Smith, Mary 12/03/1960")
ROWS, COLUMNS = 360, 500


def tissue(seed: int) -> Picture:
    """Speckle that fades with depth, as ultrasound has it."""
    noise = np.random.default_rng(seed).rayleigh(1.0, (ROWS, COLUMNS))
    smooth = (noise + np.roll(noise, 1, 1) + np.roll(noise, 1, 0) + np.roll(noise, 2, 1)) / 4
    return np.clip(20 + 60 * smooth * np.linspace(1.0, 0.35, ROWS)[:, None], 0, 150).astype(np.uint8)


def band(seed: int) -> Picture:
    """Tissue with a black band for writing."""
    shown = tissue(seed)
    shown[ROWS // 2 - 20 : ROWS // 2 + 40] = 0
    return shown


def film(seed: int) -> Picture:
    """A breast on a dark film, as in mammography."""
    random = np.random.default_rng(seed)
    down, across = np.mgrid[:ROWS, :COLUMNS]
    texture = ndimage.gaussian_filter(random.normal(size=(ROWS, COLUMNS)), 6)
    breast = ((down - ROWS / 2) / (0.47 * ROWS)) ** 2 + (across / (0.6 * COLUMNS)) ** 2 < 1
    shown = np.where(breast, 60 + 20 * texture / texture.std(), 0) + random.normal(0, 3, (ROWS, COLUMNS))
    return np.clip(shown, 0, 220).astype(np.uint8)


BACKGROUNDS = {
    "plain grey": lambda seed: np.full((ROWS, COLUMNS), 90 + seed, np.uint8),
    "black band in ultrasound": band,
    "mammography film": film,
    "ultrasound speckle": tissue,
    "inverted speckle": lambda seed: 255 - tissue(seed),
}


def written(background: Picture, text: str, size: int, contrast: int) -> tuple[Picture, tuple[int, int, int, int]]:
    """The background with smooth writing in its middle, and the writing's box (left, top, right, bottom)."""
    probe = Image.new("L", (COLUMNS, ROWS), 0)
    ImageDraw.Draw(probe).text((40, ROWS // 2), text, fill=255, font=ImageFont.load_default(size))
    box = probe.getbbox()
    assert box is not None
    left, top, right, bottom = box
    middle = float(np.median(background[top:bottom, left:right]))
    value = middle + contrast if middle < 128 else middle - contrast
    ink = np.asarray(probe) / 255
    return np.clip(np.round(background * (1 - ink) + value * ink), 0, 255).astype(np.uint8), box


def is_seen(found: tuple[Writing, ...], box: tuple[int, int, int, int]) -> bool:
    """Whether what is found where the writing stands is enough to have a person look."""
    left, top, right, bottom = box
    return is_telling(
        tuple(row for row in found if row.x0 < right and row.x1 >= left and row.y0 < bottom and row.y1 >= top)
    )


def outcomes() -> Iterator[tuple[str, int, int, bool, bool]]:
    """Background, size, contrast, and whether it is seen now and without the relief."""
    for kind, make in BACKGROUNDS.items():
        for size in SIZES:
            for contrast in CONTRASTS:
                for seed, text in enumerate(TEXTS):
                    picture, box = written(make(seed), text, size, contrast)
                    with mock.patch.object(text_search, "_reliefs", return_value=()):
                        before = is_seen(find_writing(picture), box)
                    yield kind, size, contrast, is_seen(find_writing(picture), box), before


def main() -> None:
    """Measures and prints."""
    cells: dict[object, list[tuple[bool, bool]]] = defaultdict(list)
    for kind, size, contrast, now, before in outcomes():
        for key in (kind, (size, contrast), "all"):
            cells[key].append((now, before))

    def share(key: object) -> str:
        now, before = np.mean(cells[key], axis=0)
        return f"{before:.0%} → {now:.0%}"

    print("| size | " + " | ".join(f"contrast {contrast}" for contrast in CONTRASTS) + " |")
    print("|---|" + "---|" * len(CONTRASTS))
    for size in SIZES:
        print(f"| {size} px | " + " | ".join(share((size, contrast)) for contrast in CONTRASTS) + " |")
    for kind in (*BACKGROUNDS, "all"):
        print(f"{kind}: {share(kind)} of {len(cells[kind])}")


if __name__ == "__main__":
    main()
