"""How large an image may be. Screening and the decoding process keep to the same numbers."""

from typing import Final

MAX_FRAME_BYTES: Final = 2**28
"""Of one decoded frame: a 16,384 × 8,192 picture of 16 bits."""
MAX_IMAGE_BYTES: Final = 2**31
"""Of all decoded frames of one image."""
MAX_FRAMES: Final = 20_000
MAX_INFLATED_BYTES: Final = 2**28
"""Of a deflated data set."""
MAX_FRAGMENTS: Final = 100_000
MAX_SIDE: Final = 65_535
"""Of rows and of columns."""
