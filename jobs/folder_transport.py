"""Kombu's filesystem transport, made safe for several processes.

Kombu's own writes a message under its final name and then fills it, and moves it through the system's
temporary folder to read it: a worker can pick up an empty or half-copied file, which ends the worker. It also
keeps a shared file of bindings that two starting processes can find half-written. Here a message appears and
is taken by one atomic rename within one folder, and bindings stay in each process, which is enough for direct
exchanges. A message taken by a worker that is then killed is lost, as on the original; the jobs' reaper makes
up for it.
"""

import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem, virtual
from kombu.utils.json import dumps, loads


class FolderChannel(filesystem.Channel):
    """Messages are files named `TIME_UUID.QUEUE.msg`; the oldest of a queue is taken first."""

    supports_fanout = False

    def get_table(self, exchange: str) -> Any:
        """This process's bindings of the exchange."""
        return virtual.Channel.get_table(self, exchange)

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # as Kombu's own
        folder = Path(self.data_folder_out)
        name = f"{time.time_ns():020d}_{uuid.uuid4().hex}.{queue}.msg"
        unfinished = folder / f"{name}.unfinished"
        unfinished.write_text(dumps(payload), encoding="utf-8")
        unfinished.replace(folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        folder = Path(self.data_folder_in)
        wanted = f"{queue}.msg"
        for name in sorted(path.name for path in folder.iterdir()):
            if name.partition(".")[2] != wanted:
                continue
            taken = folder / f"{name}.{os.getpid()}.taken"
            try:
                (folder / name).rename(taken)
            except FileNotFoundError:
                continue  # another worker was quicker
            payload = loads(taken.read_text(encoding="utf-8"))
            taken.unlink()
            return payload
        raise Empty


class FolderTransport(filesystem.Transport):
    """The transport to name in Celery's `broker_transport`."""

    Channel = FolderChannel
