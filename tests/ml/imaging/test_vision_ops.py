"""torchvision imports beside any torch."""

import subprocess
import sys

import torch

from ml.imaging import vision_ops


def test_torchvision_imports_after_the_module_and_its_transforms_work() -> None:
    code = (
        "import ml.imaging.vision_ops, torch; from torchvision.transforms import v2; "
        "print(tuple(v2.functional.horizontal_flip(torch.zeros(1, 2, 3)).shape))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(1, 2, 3)"


def test_the_schemas_are_there_once() -> None:
    vision_ops.define_missing_operators()
    vision_ops.define_missing_operators()
    assert "iou_threshold" in str(torch.ops.torchvision.nms.default._schema)
    assert "iou_threshold" in str(torch.ops.torchvision.qnms.default._schema) or vision_ops.operators_load()
