"""Pixels out of files that nobody vouches for, decoded in processes that may crash, hang or run out of memory."""

from __future__ import annotations

import atexit
import os
import signal
import threading
from pathlib import Path
from typing import Any, Final

from ml.dicom.decoder_process import DecoderDied, DecoderProcess, DecoderTimeout
from ml.dicom.frames import OVERLAY, THUMBNAIL, FrameSet
from ml.dicom.outcomes import Refusal

SECONDS: Final = 30.0
"""How long the decoding of one file may take."""
_RECYCLE_AFTER: Final = 500
"""Files, after which a process is replaced: codecs leak."""


class DecodingPool:
    """A few decoding processes, started when first needed and kept warm. Safe to use from many threads, and after
    a fork, where the new process starts decoders of its own.
    """

    def __init__(self, size: int | None = None, command: list[str] | None = None) -> None:
        self._size = size or min(2, os.cpu_count() or 1)
        self._command = command
        self.peak_bytes = 0
        self._start_afresh()
        atexit.register(self.close)
        os.register_at_fork(after_in_child=self._forget)

    def _start_afresh(self) -> None:
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(self._size)
        self._idle: list[DecoderProcess] = []
        self._all: set[DecoderProcess] = set()

    def decode(self, path: Path, into: Path, seconds: float = SECONDS) -> FrameSet:
        """Write the file's frames, thumbnail and overlays into the folder `into`, which is made if need be.

        Raises Refusal, after which nothing is left of the frames; RuntimeError when no decoder can be started.
        """
        into.mkdir(parents=True, exist_ok=True)
        request = {"path": str(path.resolve()), "into": str(into.resolve()), "seconds": seconds}
        with self._free:
            try:
                answer = self._ask(request, seconds)
            except Refusal:
                _clear(into)
                raise
        self.peak_bytes = max(self.peak_bytes, int(answer.get("peak_bytes", 0)))
        if "refusal" in answer:
            _clear(into)
            code, message, detail = answer["refusal"]
            raise Refusal(code, message, **detail)
        return FrameSet.from_dict(answer["frames"])

    def close(self) -> None:
        """End all processes and wait for them."""
        with self._lock:
            processes, self._all, self._idle = list(self._all), set(), []
        for process in processes:
            process.close()

    def _ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        process = self._take()
        answered = False
        try:
            answer = process.ask(request, seconds)
            answered = True
        except DecoderTimeout:
            raise _too_slow(seconds) from None
        except DecoderDied as death:
            raise _died(death.signal, seconds) from None
        finally:
            if answered and process.served < _RECYCLE_AFTER and not _out_of_memory(answer):
                with self._lock:
                    self._idle.append(process)
            else:
                self._drop(process)
        return answer

    def _take(self) -> DecoderProcess:
        """A process that is alive: an idle one, or a new one."""
        while True:
            with self._lock:
                process = self._idle.pop() if self._idle else None
            if process is None:
                break
            if process.is_alive():
                return process
            self._drop(process)
        process = DecoderProcess(self._command)
        with self._lock:
            self._all.add(process)
        try:
            process.wait_until_ready()
        except BaseException:
            self._drop(process)
            raise
        return process

    def _drop(self, process: DecoderProcess) -> None:
        process.close()
        with self._lock:
            self._all.discard(process)

    def _forget(self) -> None:
        """In a forked process: the decoders belong to the parent, which still uses them."""
        for process in self._all:
            process.abandon()
        self._start_afresh()


def decode(path: Path, into: Path) -> FrameSet:
    """Decode a DICOM file or a PNG, JPEG or TIFF picture in a process apart, into the folder `into`.

    Leaves the frames, a thumbnail and the overlays' mask there. Raises Refusal with one of the codes of decoding
    (decode_failed, decode_out_of_memory) or of what is wrong with the file's pixels; nothing is
    left in the folder then. Screen a file before: this is not the first line of defence.
    """
    return _pool.decode(path, into)


def _out_of_memory(answer: dict[str, Any]) -> bool:
    return "refusal" in answer and answer["refusal"][0] == "decode_out_of_memory"


def _clear(folder: Path) -> None:
    for left in [*folder.glob("*.raw"), folder / THUMBNAIL, folder / OVERLAY]:
        left.unlink(missing_ok=True)


def _too_slow(seconds: float) -> Refusal:
    message = f"Decoding the pixels took longer than {seconds:g} seconds and was stopped. Export the image again."
    return Refusal("decode_failed", message, seconds=seconds)


def _died(signal_number: int, seconds: float) -> Refusal:
    if signal_number in {signal.SIGALRM, signal.SIGXCPU}:
        return _too_slow(seconds)
    if signal_number == signal.SIGKILL:
        return Refusal("decode_out_of_memory", signal=signal_number)
    message = "The decoder broke down over the file's pixels. Export the image again, uncompressed if possible."
    return Refusal("decode_failed", message, signal=signal_number)


_pool = DecodingPool()
