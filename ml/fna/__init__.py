"""Fine-needle aspirates (FNA): the schema of thirty measurements, table intake and the classifier.

Importing this package, its schema or its intake does not import torch; the classifier is loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ml.fna.classifier import AutoencoderGANClassifier

__all__ = ["AutoencoderGANClassifier"]


def __getattr__(name: str) -> Any:
    if name == "AutoencoderGANClassifier":
        from ml.fna.classifier import AutoencoderGANClassifier  # noqa: PLC0415 - keeps torch out of the web process

        return AutoencoderGANClassifier
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
