"""The device follows from what torch reports."""

import pytest
import torch
from torch import nn

from ml.training.device import choose_device


def test_cuda_is_chosen_where_torch_reports_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    device = choose_device()
    assert (device.kind, device.half, device.compiled) == ("cuda", True, True)
    assert device.torch_device == torch.device("cuda")


def test_the_cpu_is_chosen_without_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    device = choose_device()
    assert (device.kind, device.compiled) == ("cpu", False)
    assert "CPU" in device.describe()


def test_mps_comes_before_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device().kind == "mps"


def test_a_device_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="device cuda: torch finds none on this machine; there is"):
        choose_device("cuda")


def test_networks_are_laid_out_with_channels_last_and_the_optimiser_is_fused() -> None:
    device = choose_device("cpu")
    placed = device.place(nn.Conv2d(8, 8, 3))
    assert placed.weight.is_contiguous(memory_format=torch.channels_last)
    assert device.optimiser(list(placed.parameters()), 1e-3, 0.0).defaults["fused"]
