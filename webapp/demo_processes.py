"""The demo's processes, web and workers, started and stopped together."""

import os
import shlex
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from django.conf import settings
from honcho.manager import Manager

STARTUP_SECONDS = 120
ROOT_WARNING = "ignore:You're running the worker with superuser"


class PortUnusableError(Exception):
    """Nothing can listen on the wanted port; the message says what to do."""


def claim_port(port: int) -> None:
    """Makes sure that the site can listen on a port of this machine.

    Raises:
        PortUnusableError: something else listens there, or the port is not one that this user may open.
    """
    other = f"Choose another, for example: make run PORT={8001 if port == 8000 else 8000}"
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As gunicorn does: a port that was left a moment ago counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise PortUnusableError(f"Port {port} cannot be used ({_reason(error)}). {other}") from None


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "ports go from 1 to 65535"


def when_answering(url: str, announce: Callable[[], object]) -> None:
    """Calls `announce` once, from a thread, when `url` answers; gives up silently after two minutes."""

    def wait() -> None:
        give_up = time.monotonic() + STARTUP_SECONDS
        while time.monotonic() < give_up:
            try:
                with urllib.request.urlopen(url, timeout=5):  # noqa: S310 always http, on this machine
                    announce()
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)

    threading.Thread(target=wait, daemon=True).start()


class DemoProcesses(Manager):
    """Web and workers under honcho: when one stops, or on Ctrl-C or SIGTERM, all stop."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._procmgr = _Signals()
        python = shlex.quote(sys.executable)
        self.add_process(
            "web",
            f"exec {python} -m gunicorn webapp.wsgi --bind 127.0.0.1:{port} --threads 8 --timeout 120"
            " --graceful-timeout 3 --no-control-socket --log-level warning",
        )
        # Whoever tries the demo in a container is root there; Celery's warning about that is for production.
        celery = f"exec {python} -W {shlex.quote(ROOT_WARNING)} -m celery --quiet --app webapp worker"
        self.add_process("worker", f"{celery} --beat --concurrency 2 --loglevel WARNING")
        # Training a generator takes minutes: patients' images must not wait behind it.
        self.add_process(
            "synthesis",
            f"{celery} --queues {settings.SYNTHESIS_QUEUE} --hostname synthesis@%h --concurrency 1 --loglevel WARNING",
        )

    @property
    def stopped_on_request(self) -> bool:
        """Whether the end came by Ctrl-C or SIGTERM, not from one of the processes."""
        return self.returncode in {128 + signal.SIGINT, 128 + signal.SIGTERM}

    def loop(self) -> None:
        """Runs them until the end; a closed terminal counts as a request to stop."""
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
        super().loop()

    def terminate(self) -> None:
        """Asks all to stop; when they are only just starting, as soon as they have."""
        if self._all_started():
            super().terminate()
        else:
            retry = threading.Timer(0.1, self.terminate)
            retry.daemon = True
            retry.start()


class _Signals:
    """First each process alone, which stops its own children in order; at last the whole group."""

    def terminate(self, pid: int) -> None:
        _send(os.kill, pid, signal.SIGTERM)

    def kill(self, pid: int) -> None:
        _send(os.killpg, pid, signal.SIGKILL)


def _send(send: Callable[[int, int], None], pid: int, number: signal.Signals) -> None:
    try:
        send(pid, number)
    except ProcessLookupError:
        return  # it has just stopped by itself
