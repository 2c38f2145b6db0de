"""Pictures as PNG that say in themselves what they are."""

from __future__ import annotations

import io
from typing import Any

from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ml.packaging.description import SetDescription


def png(pixels: NDArray[Any], label: str, description: SetDescription) -> bytes:
    """A grey picture (height, width) of 8 bits with text chunks on its origin."""
    told = PngInfo()
    told.add_text("Synthetic", "YES")
    told.add_text("Description", f"{description.nature} Not for diagnosis.")
    told.add_text("Class", label)
    told.add_text("Source", f"{description.identifier}, version {description.version}")
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", pnginfo=told)
    return stream.getvalue()
