"""The decoding process: what it can't do, how it ends, and that the next file is served whatever one did to it."""

from __future__ import annotations

import gc
import io
import json
import logging
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.dicom import decoding
from ml.dicom.confinement import MEMORY_BYTES
from ml.dicom.decoder_process import clean_environment
from ml.dicom.decoding import DecodingPool, decode
from ml.dicom.limits import MAX_FRAME_BYTES
from ml.dicom.outcomes import Refusal
from tests.dicom_files import dicom_image, picture

ROOT = Path(__file__).parents[3]
TRAPS = """
import ctypes, json, os, resource, socket, subprocess, sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import numpy
from ml.dicom import child
from ml.dicom.pixels import image_file

def attempt(action):
    try:
        action()
    except OSError as error:
        return error.errno
    return 0

def facts():
    return {
        "socket": attempt(lambda: socket.socket()),
        "udp": attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)),
        "unix": attempt(lambda: socket.socket(socket.AF_UNIX)),
        "program": attempt(lambda: os.execv("/bin/true", ["true"])),
        "signal to the parent": attempt(lambda: os.kill(os.getppid(), 0)),
        "environment": dict(os.environ),
        "files": {int(n): os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")
                  if os.path.exists(f"/proc/self/fd/{n}")},
        "memory": resource.getrlimit(resource.RLIMIT_AS)[1],
        "core": resource.getrlimit(resource.RLIMIT_CORE)[1],
        "file": resource.getrlimit(resource.RLIMIT_FSIZE)[1],
    }

honest = image_file.decode_file

def decode_file(path, into):
    trap = path.name
    (into / "0001.raw").write_bytes(b"half")
    if trap == "crash":
        ctypes.string_at(0)
    if trap == "abort":
        os.abort()
    if trap == "hang":
        ctypes.CDLL(None).pause()
    if trap == "spin":
        while True:
            pass
    if trap == "leave":
        os._exit(3)
    if trap == "memory":
        kept = [numpy.empty(2**28, dtype=numpy.uint8) for _ in range(64)]
    if trap == "print":
        os.write(1, b"Doe^Jane")
        os.write(2, b"Doe^Jane")
        print("Doe^Jane")
    if trap == "large":
        (into / "0001.raw").write_bytes(b"x" * (2**28 + 2**21))
    if trap == "fail":
        raise ValueError("Doe^Jane")
    if trap == "facts":
        Path(into / "facts.json").write_text(json.dumps(facts()))
    return honest(path.with_name("good"), into)

image_file.decode_file = decode_file
child.main()
"""
"""The real process with a decoder that does what a hostile file might make it do, by the file's name."""


@pytest.fixture
def pool() -> Iterator[DecodingPool]:
    made = DecodingPool(1, [sys.executable, "-I", "-c", TRAPS, str(ROOT)])
    yield made
    made.close()


@pytest.fixture(autouse=True)
def no_other_decoders() -> None:
    """Ends the processes that earlier tests had started, so that those of a test can be counted."""
    decoding._pool.close()


@pytest.fixture
def files(tmp_path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for name in ("good", "crash", "abort", "hang", "spin", "leave", "memory", "print", "large", "fail", "facts"):
        (folder / name).write_bytes(dicom_image(rows=16, columns=16, seed=3))
    return folder


@pytest.fixture
def refused(pool, files, tmp_path) -> Callable[..., Refusal]:
    """Decodes a trap, checks that nothing is left of it and that the next file is served; the trap's refusal."""

    def result(trap: str, seconds: float = 20) -> Refusal:
        into = tmp_path / trap
        with pytest.raises(Refusal) as refusal:
            pool.decode(files / trap, into, seconds)
        assert list(into.glob("*.raw")) == []
        assert pool.decode(files / "good", tmp_path / "next").rows == 16
        assert len(children()) == len(pool._all) == 1
        return refusal.value

    return result


@pytest.mark.parametrize("trap", ["crash", "abort", "leave"])
def test_upl_20_a_decoder_that_breaks_down_is_replaced(refused, trap):
    refusal = refused(trap)
    assert refusal.code == "decode_failed"
    assert refusal.detail == {"signal": {"crash": signal.SIGSEGV, "abort": signal.SIGABRT, "leave": 0}[trap]}


@pytest.mark.parametrize("trap", ["hang", "spin"])
def test_upl_20_a_decoder_that_hangs_is_killed(refused, trap):
    started = time.monotonic()
    refusal = refused(trap, seconds=1)
    assert refusal.code == "decode_failed"
    assert "longer than 1 seconds" in refusal.message
    assert time.monotonic() - started < 20
    assert decoding.SECONDS <= 30


def test_upl_20_memory_runs_out_in_the_child_alone(refused, pool):
    assert refused("memory").code == "decode_out_of_memory"
    assert pool.peak_bytes < MEMORY_BYTES


def test_a_file_larger_than_any_frame_is_not_written(refused):
    assert refused("large").code == "decode_failed"


def test_nothing_that_libraries_print_comes_through(pool, files, tmp_path, capfd, caplog):
    with caplog.at_level(logging.DEBUG):
        assert pool.decode(files / "print", tmp_path / "out").rows == 16
    captured = capfd.readouterr()
    assert "Doe" not in captured.out + captured.err + caplog.text


def test_a_refusal_does_not_quote_the_file(refused):
    refusal = refused("fail")
    assert refusal.code == "decode_failed"
    assert "Doe" not in json.dumps([refusal.message, refusal.detail])


@pytest.fixture
def facts(pool, files, tmp_path, monkeypatch) -> dict:
    """What the process sees of the world while it decodes."""
    monkeypatch.setenv("SECRET_KEY", "hush")
    monkeypatch.setenv("DATABASE_URL", "postgres://hush")
    with (tmp_path / "open").open("wb") as kept_open:
        os.set_inheritable(kept_open.fileno(), True)
        pool.decode(files / "facts", tmp_path / "out")
    return json.loads((tmp_path / "out" / "facts.json").read_text())


def test_the_process_has_no_network_and_starts_no_programs(facts):
    if sys.platform != "linux" or os.uname().machine not in {"x86_64", "aarch64"}:
        pytest.skip("the filter of system calls is for Linux on x86-64 and ARM")
    refused = 1  # EPERM
    denied = ("socket", "udp", "unix", "program", "signal to the parent")
    assert {name: facts[name] for name in denied} == dict.fromkeys(denied, refused)


def test_the_process_inherits_no_secrets_and_no_files(facts):
    added = facts["environment"].keys() - clean_environment().keys()
    assert added <= {"GDCM_RESOURCES_PATH"}  # by GDCM itself, when it is loaded
    assert "hush" not in json.dumps(facts["environment"])
    kinds = {int(number): target.partition(":")[0] for number, target in facts["files"].items()}
    assert kinds[0] == "pipe"
    assert {kinds[1], kinds[2]} == {"/dev/null"}
    others = [kind for number, kind in kinds.items() if number > 2]
    assert others.count("pipe") == 1  # its answers
    assert all(kind.startswith("pipe") or "/proc/" in kind for kind in others)


def test_the_process_is_limited(facts):
    assert (facts["memory"], facts["core"]) == (MEMORY_BYTES, 0)
    assert MAX_FRAME_BYTES < facts["file"] < 2 * MAX_FRAME_BYTES


def test_the_largest_frame_fits(tmp_path):
    """256 MiB of sixteen bits, and a fifth of the cap is left."""
    data = dicom_image(rows=1, columns=2, PhotometricInterpretation="MONOCHROME1")
    head = data[: data.rindex(b"\xe0\x7f\x10\x00")]
    for keyword, value in ((b"\x10\x00", 8192), (b"\x11\x00", 16_384), (b"\x00\x01", 16), (b"\x01\x01", 16)):
        at = head.index(b"\x28\x00" + keyword + b"US") + 8
        head = head[:at] + value.to_bytes(2, "little") + head[at + 2 :]
    at = head.index(b"\x28\x00\x02\x01US") + 8
    head = head[:at] + b"\x0f\x00" + head[at + 2 :]
    path = tmp_path / "large.dcm"
    with path.open("wb") as file:
        file.write(head + b"\xe0\x7f\x10\x00OW\0\0" + MAX_FRAME_BYTES.to_bytes(4, "little"))
        file.truncate(file.tell() + MAX_FRAME_BYTES)
    pool = DecodingPool(1)
    try:
        frames = pool.decode(path, tmp_path / "out")
    finally:
        pool.close()
    assert (frames.rows, frames.columns, frames.dtype) == (8192, 16_384, "uint16")
    assert (tmp_path / "out" / "0001.raw").stat().st_size == MAX_FRAME_BYTES
    assert pool.peak_bytes < 0.8 * MEMORY_BYTES


def test_processes_are_kept_and_then_replaced(files, tmp_path, monkeypatch):
    monkeypatch.setattr(decoding, "_RECYCLE_AFTER", 3)
    pool = DecodingPool(1)
    started = []
    for _ in range(7):
        pool.decode(files / "good", tmp_path / "out")
        started.append({process._process.pid for process in pool._all})
    pool.close()
    assert started[0] == started[1]
    assert len(set().union(*started)) == 3
    assert children() == []


def test_a_process_killed_while_idle_is_replaced(files, tmp_path):
    pool = DecodingPool(1)
    pool.decode(files / "good", tmp_path / "out")
    (process,) = pool._all
    process._process.kill()
    process._process.wait()
    assert pool.decode(files / "good", tmp_path / "out").rows == 16
    pool.close()


def test_many_threads_share_a_few_processes(files, tmp_path):
    pool = DecodingPool(2)
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda n: pool.decode(files / "good", tmp_path / str(n)), range(40)))
    assert len(pool._all) <= 2
    pool.close()
    assert {frames.rows for frames in results} == {16}
    assert len({(tmp_path / str(n) / "0001.raw").read_bytes() for n in range(40)}) == 1


def children() -> list[int]:
    """The processes that this one has started and not waited for, decoders and zombies alike."""
    text = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text()
    found = []
    for pid in map(int, text.split()):
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if b"ml.dicom" in command or not command:
            found.append(pid)
    return found


def test_closing_leaves_no_process_and_no_warning(files, tmp_path, pool):
    other = DecodingPool(1)
    other.decode(files / "good", tmp_path / "a")
    with pytest.raises(Refusal):
        pool.decode(files / "crash", tmp_path / "b")
    before = {process._process.pid for process in other._all}
    assert before
    other.close()
    pool.close()
    del other
    gc.collect()  # an unclosed pipe or process would warn, and warnings fail
    assert [pid for pid in before if Path(f"/proc/{pid}").exists()] == []


AFTER_A_FORK = """
import os, sys, threading
from pathlib import Path
from ml.dicom import decoding
path, into = Path(sys.argv[1]), Path(sys.argv[2])
decoding.decode(path, into / "parent")
mine = {p._process.pid for p in decoding._pool._all}
child = os.fork()
if child == 0:
    assert not decoding._pool._all
    decoding.decode(path, into / "child")
    assert mine.isdisjoint(p._process.pid for p in decoding._pool._all)
    decoding._pool.close()
    sys.stdout.flush()
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
decoding.decode(path, into / "parent")
assert mine == {p._process.pid for p in decoding._pool._all}
print(*mine)
"""


def test_a_forked_worker_starts_decoders_of_its_own(files, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", "-c", AFTER_A_FORK, files / "good", tmp_path],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    # the interpreter has ended, and so have its decoders
    for pid in done.stdout.split():
        assert not Path(f"/proc/{pid}").exists()
    assert (tmp_path / "child" / "0001.raw").read_bytes() == (tmp_path / "parent" / "0001.raw").read_bytes()


ORPHAN = """
import os, signal, sys
from pathlib import Path
from ml.dicom import decoding
decoding.decode(Path(sys.argv[1]), Path(sys.argv[2]))
print(*(p._process.pid for p in decoding._pool._all), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_decoders_do_not_outlive_a_killed_worker(files, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", ORPHAN, files / "good", tmp_path / "out"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    (pid,) = map(int, done.stdout.split())
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and alive(pid):
        time.sleep(0.05)
    assert not alive(pid)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_pictures_are_decoded_as_well(tmp_path):
    path = tmp_path / "upload"
    path.write_bytes(picture("TIFF", rows=24, columns=32))
    frames = decode(path, tmp_path / "out")
    assert (frames.rows, frames.columns) == (24, 32)
    with Image.open(tmp_path / "out" / frames.thumbnail) as thumbnail:
        assert thumbnail.size == (32, 24)


def test_the_frames_of_the_last_attempt_do_not_stay(files, tmp_path):
    into = tmp_path / "out"
    decode(files / "good", into)
    (files / "bad").write_bytes(dicom_image()[:-1000])
    with pytest.raises(Refusal) as refused:
        decode(files / "bad", into)
    assert refused.value.code == "truncated"
    assert list(into.iterdir()) == []


def test_small_files_are_quick(files, tmp_path):
    decode(files / "good", tmp_path / "out")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    started = time.monotonic()
    for _ in range(50):
        decode(files / "good", tmp_path / "out")
    rate = 50 / (time.monotonic() - started)
    assert rate > 2, f"{rate:.0f} files a second"  # hundreds on an idle machine: see benchmarks
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 5


def test_random_damage_never_gets_through(tmp_path):
    """Flipped bytes all over a file: frames or a refusal, nothing else, and the process goes on."""
    from pydicom.uid import generate_uid

    random = np.random.default_rng(5)
    out = io.BytesIO()
    Image.fromarray(random.integers(0, 256, (40, 40), dtype=np.uint8)).save(out, "JPEG")
    originals = [dicom_image(rows=24, columns=24), picture("PNG"), picture("TIFF"), out.getvalue()]
    quick = DecodingPool(1)
    for number in range(120):
        data = bytearray(originals[number % len(originals)])
        for at in random.integers(0, len(data), 4):
            data[at] = random.integers(0, 256)
        path = tmp_path / f"{generate_uid()}"
        path.write_bytes(data)
        with suppress(Refusal):
            assert quick.decode(path, tmp_path / "out", 10).files
    quick.close()
