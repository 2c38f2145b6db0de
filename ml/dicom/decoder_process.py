"""One decoding process as its parent sees it: a question, an answer, and a deadline."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

_ROOT: Final = Path(__file__).resolve().parents[2]
_START: Final = "import sys; sys.path.insert(0, sys.argv[1]); from ml.dicom.child import main; main()"
_START_SECONDS: Final = 60.0
_CLOSE_SECONDS: Final = 2.0
_CHUNK: Final = 65_536


class DecoderDied(Exception):
    """The process ended without an answer; `signal` is what ended it, 0 when it left by itself."""

    def __init__(self, signal: int) -> None:
        self.signal = signal
        super().__init__(signal)


class DecoderTimeout(Exception):
    """There was no answer in time; the process must be closed."""


def clean_environment() -> dict[str, str]:
    """All that the process gets to know: no secrets, one thread a library."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {"LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1", **kept}


class DecoderProcess:
    """A process of `ml.dicom.child`, used by one thread at a time."""

    def __init__(self, command: list[str] | None = None) -> None:
        self.served = 0
        self._process = subprocess.Popen(  # noqa: S603 - our own code; the files' paths go in as data
            command or [sys.executable, "-I", "-c", _START, str(_ROOT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            env=clean_environment(),
            start_new_session=True,
        )

    def is_alive(self) -> bool:
        """It has not ended."""
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        """Raises RuntimeError when the process can't be started."""
        try:
            self._answer(_START_SECONDS)
        except (DecoderDied, DecoderTimeout) as error:
            raise RuntimeError("The decoding process does not start.") from error

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """The answer to a request. Raises DecoderDied or DecoderTimeout, after which the process must be closed."""
        self.served += 1
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
        except BrokenPipeError:
            raise self._death() from None
        return self._answer(seconds)

    def close(self) -> None:
        """End the process and wait for it, so that nothing is left of it."""
        self._close_pipes()
        try:
            self._process.wait(0 if self.served == 0 else 0.2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(_CLOSE_SECONDS)

    def abandon(self) -> None:
        """In a forked process: let go of the parent's decoder without touching it."""
        self._close_pipes()
        self._process.returncode = 0

    def _close_pipes(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _answer(self, seconds: float) -> dict[str, Any]:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        deadline = time.monotonic() + seconds
        received = bytearray()
        while not received.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                raise DecoderTimeout
            data = os.read(descriptor, _CHUNK)
            if not data:
                raise self._death()
            received += data
        answer: dict[str, Any] = json.loads(received)
        return answer

    def _death(self) -> DecoderDied:
        try:
            code = self._process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            return DecoderDied(0)
        return DecoderDied(max(-code, 0))
