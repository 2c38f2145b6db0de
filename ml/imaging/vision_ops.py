"""Lets torchvision be imported beside a CPU-only torch. Import this module before torchvision, everywhere.

The compiled operators in PyPI's torchvision are built for CUDA and don't load beside a CPU-only torch. torchvision then
fails at import, because it registers shapes for operators that nobody has defined. Defining their schemas is enough:
what calls them (non-maximum suppression of detection boxes) is not used here.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch

_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
_library: torch.library.Library | None = None  # kept: the definitions vanish with it


def operators_load() -> bool:
    """Whether torchvision's compiled operators can be loaded beside this torch."""
    if hasattr(torch.ops.torchvision, "nms"):
        return True
    found = importlib.util.find_spec("torchvision")
    if found is None or found.origin is None:
        return False
    compiled = next(Path(found.origin).parent.glob("_C*"), None)
    if compiled is None:
        return False
    try:
        torch.ops.load_library(str(compiled))
    except OSError:
        return False
    return hasattr(torch.ops.torchvision, "nms")


def define_missing_operators() -> None:
    """Define the schemas that torchvision's import needs, where its own operators are absent."""
    global _library  # noqa: PLW0603 - one library per process
    if _library is not None or operators_load():
        return
    _library = torch.library.Library("torchvision", "DEF")
    for schema in _SCHEMAS.values():
        _library.define(schema)


define_missing_operators()
