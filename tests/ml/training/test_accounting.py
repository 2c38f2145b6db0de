"""What a run took: measured on work of known size, and priced by hand."""

import json
import time
from pathlib import Path

import pytest
import torch

from ml.training.accounting import Meter, PriceSheet, PriceSheetError, Usage, stored_bytes
from ml.training.accounting.gpu import Gpu
from ml.training.accounting.prices import EXAMPLE_SHEET, machine_class

HOUR = 3600.0


def busy(seconds: float) -> None:
    """Use a processor for so long, however busy the machine is."""
    until = time.process_time() + seconds
    while time.process_time() < until:
        sum(range(1000))


def test_work_memory_and_energy_are_measured() -> None:
    with Meter() as meter:
        block = bytearray(200_000_000)
        busy(0.7)
        time.sleep(0.3)
        del block
    usage = meter.usage

    assert usage.cpu_seconds >= 0.7
    assert usage.wall_seconds >= 0.99
    assert usage.cpu_percent == pytest.approx(100.0 * usage.cpu_seconds / usage.wall_seconds)
    assert usage.peak_memory > 200_000_000
    assert usage.energy_kwh is not None
    assert usage.energy_kwh > 0.0
    assert usage.energy_source in ("counters", "estimated")
    assert Usage.from_dict(json.loads(json.dumps(usage.as_dict()))) == usage


def test_what_failed_is_measured_too() -> None:
    meter = Meter()

    with pytest.raises(RuntimeError, match="out of luck"), meter:
        raise RuntimeError("out of luck")

    assert meter.usage.wall_seconds > 0.0


@pytest.mark.skipif(torch.cuda.is_available(), reason="the machine has an NVIDIA GPU")
def test_without_a_gpu_nothing_is_made_up() -> None:
    assert Gpu.first() is None


def test_parts_add_up() -> None:
    first = Usage(10.0, 8.0, 500, 7, 0.001, "counters", gpu_percent=90.0, gpu_memory=100)
    second = Usage(30.0, 4.0, 900, 5, 0.002, "counters", gpu_percent=50.0, gpu_memory=80)

    total = first + second

    assert total == Usage(40.0, 12.0, 900, 12, pytest.approx(0.003), "counters", pytest.approx(60.0), 100)
    assert total.cpu_percent == pytest.approx(30.0)


def test_bytes_below_a_folder(tmp_path: Path) -> None:
    (tmp_path / "grids").mkdir()
    (tmp_path / "grids" / "one.png").write_bytes(b"12345")
    (tmp_path / "two").write_bytes(b"123")

    assert stored_bytes(tmp_path) == 8
    assert stored_bytes(tmp_path / "two") == 3
    assert stored_bytes(tmp_path / "none") == 0


def sheet(tmp_path: Path, **changes: object) -> Path:
    told = {
        "title": "ours",
        "date": "2026-01-01",
        "currency": "EUR",
        "hour": {"cpu": {"machine": "a small one", "on demand": 3.6, "reserved": 1.8, "spot": 0}},
        "gigabyte stored for a month": 2.0,
        "gigabyte sent": 10.0,
    }
    path = tmp_path / "sheet.json"
    path.write_text(json.dumps({**told, **changes}), encoding="utf-8")
    return path


def test_cost_by_hand(tmp_path: Path) -> None:
    prices = PriceSheet.load(sheet(tmp_path))

    cost = prices.cost("cpu", 1000.0, stored=500_000_000, sent=100_000_000)

    # 1000 s at 3.6 an hour is 1; half a gigabyte stored 1; a tenth sent 1
    assert cost == {"on demand": pytest.approx(3.0), "reserved": pytest.approx(2.5), "spot": pytest.approx(2.0)}
    assert prices.describe() == "ours of 2026-01-01, EUR"


def test_the_example_sheet_is_dated_and_cheaper_with_commitment() -> None:
    prices = PriceSheet.load()

    assert EXAMPLE_SHEET.name == "prices.json"
    assert prices.date.startswith("20")
    for name in (machine_class(None), machine_class(24 * 10**9), machine_class(80 * 10**9)):
        cost = prices.cost(name, HOUR)
        assert cost["on demand"] > cost["reserved"] > cost["spot"] > 0.0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hour": {"cpu": {"machine": "m", "on demand": 1, "reserved": 1}}}, "lacks the entry 'spot'"),
        ({"gigabyte sent": -1}, "0 or more; got -1"),
        ({"gigabyte sent": "ten"}, "got 'ten'"),
        ({"hour": []}, "not a price sheet"),
    ],
)
def test_a_bad_sheet_is_refused_with_its_entry(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    with pytest.raises(PriceSheetError, match=words):
        PriceSheet.load(sheet(tmp_path, **changes))


def test_a_missing_sheet_and_a_missing_class_are_named(tmp_path: Path) -> None:
    with pytest.raises(PriceSheetError, match=r"none\.json"):
        PriceSheet.load(tmp_path / "none.json")
    with pytest.raises(PriceSheetError, match="no machine class 'gpu'; it has cpu"):
        PriceSheet.load(sheet(tmp_path)).cost("gpu", HOUR)
