"""`python -m ml inspect FILE` from end to end."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ml.__main__ import main
from tests.ml.dicom.making import ROWS, data_set, dicom_file


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image.dcm"
    path.write_bytes(dicom_file())
    return path


def report(path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict]:
    status = main(["inspect", str(path), "--json", "-", *options])
    return status, json.loads(capsys.readouterr().out)


def test_an_image(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = report(image, capsys)

    assert status == 0
    assert (found["status"], found["code"], found["format"]) == ("image", "", "dicom")
    assert found["bytes"] == image.stat().st_size
    assert found["header"]["instance"]["rows"] == 4
    assert (found["frames"]["rows"], found["frames"]["columns"], found["frames"]["frames"]) == (4, 6, 1)


def test_without_decoding(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = report(image, capsys, "--no-decode")

    assert (status, found["frames"]) == (0, None)


def test_a_kept_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "report"
    change = {0x00080016: ("UI", "1.2.840.10008.5.1.4.1.1.88.11"), ROWS: None}
    path.write_bytes(dicom_file(data_set(pixels=b"", change=change)))

    status, found = report(path, capsys)

    assert (status, found["status"], found["code"]) == (1, "kept", "structured_report")


def test_a_refused_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cut.dcm"
    path.write_bytes(dicom_file()[:-4])

    status, found = report(path, capsys)

    assert (status, found["status"], found["code"]) == (2, "refused", "truncated")
    assert "send it again" in found["message"]
    assert report(tmp_path / "missing", capsys)[0] == 2


def test_a_table_for_people_and_a_report_beside_it(
    image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image.write_bytes(dicom_file(data_set(change={0x00100010: ("PN", "[red]Doe^\x07Jane")})))

    status = main(["inspect", str(image), "--json", str(tmp_path / "report.json")])

    told = capsys.readouterr().out
    assert status == 0
    assert "[red]Doe^\N{REPLACEMENT CHARACTER}Jane" in told
    assert json.loads((tmp_path / "report.json").read_text())["status"] == "image"


def test_inspecting_does_not_load_the_models(image: Path) -> None:
    code = (
        "import sys; from ml.__main__ import main; status = main(['inspect', sys.argv[1], '--json', '-']); "
        "sys.exit(status or 'torch' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code, image], capture_output=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr.decode()
