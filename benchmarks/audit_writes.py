"""What an audit event adds to the transaction that it stands in: 32 writers, transactions of 10 ms, with and without.

Each writer has a thread and a database connection of its own, four threads to a process. A transaction changes one
row and keeps its connection busy for 10 ms, as work would; the audited one records an event as every service of the
site does. Blocks with and without auditing take turns, so that both meet the same machine.
"""

import multiprocessing
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

WRITERS = 32
THREADS_PER_PROCESS = 4
TRANSACTION_SECONDS = 0.01
TABLE = "benchmark_work"


@dataclass(frozen=True)
class Plan:
    """Blocks with (True) and without auditing; seconds of each; seconds between a writer's starts, 0: none."""

    blocks: tuple[bool, ...]
    seconds: float
    every: float


@dataclass
class Writes:
    """Seconds of every transaction, and transactions a second, without and with auditing."""

    plain: list[float] = field(default_factory=list)
    audited: list[float] = field(default_factory=list)
    plain_rate: float = 0.0
    audited_rate: float = 0.0

    @property
    def throughput(self) -> float:
        """Share of the plain throughput that the audited writers reach."""
        return self.audited_rate / self.plain_rate


def measure_writes(*, rounds: int = 3, seconds: float = 5.0, every: float = 0.0, writers: int = WRITERS) -> Writes:
    """Lets the writers work on Django's present database (PostgreSQL), in blocks of so many seconds.

    Args:
        every: seconds from the start of a writer's transaction to the start of its next; 0: one after the other.
    """
    from django.db import connection  # noqa: PLC0415 settings are only known by now

    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {TABLE} (id int PRIMARY KEY, count bigint NOT NULL)")
        cursor.execute(
            f"INSERT INTO {TABLE} SELECT n, 0 FROM generate_series(0, %s) n ON CONFLICT DO NOTHING",  # noqa: S608 our own
            [writers],
        )
    connection.close()

    spawn = multiprocessing.get_context("spawn")
    processes = -(-writers // THREADS_PER_PROCESS)
    results: Queue[tuple[bool, list[float], float]] = spawn.Queue()
    barrier = spawn.Barrier(writers)
    plan = Plan(blocks=(False, True) * rounds, seconds=seconds, every=every)
    workers = [
        spawn.Process(
            target=_work,
            args=(range(first, min(first + THREADS_PER_PROCESS, writers)), plan, barrier, results),
        )
        for first in range(0, processes * THREADS_PER_PROCESS, THREADS_PER_PROCESS)
    ]
    for worker in workers:
        worker.start()
    found = Writes()
    spent = {False: 0.0, True: 0.0}
    for _ in range(writers * len(plan.blocks)):
        audited, times, took = results.get(timeout=60 + 10 * rounds * seconds)
        (found.audited if audited else found.plain).extend(times)
        spent[audited] += took / writers
    for worker in workers:
        worker.join()
    found.plain_rate = len(found.plain) / spent[False]
    found.audited_rate = len(found.audited) / spent[True]
    return found


def _work(
    numbers: Sequence[int],
    plan: Plan,
    barrier: Barrier,
    results: "Queue[tuple[bool, list[float], float]]",
) -> None:
    import django  # noqa: PLC0415 this process has only begun

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings.test")
    django.setup()
    threads = [threading.Thread(target=_write, args=(number, plan, barrier, results)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _write(
    number: int,
    plan: Plan,
    barrier: Barrier,
    results: "Queue[tuple[bool, list[float], float]]",
) -> None:
    from django.db import connection  # noqa: PLC0415 Django is set up only in the process's own beginning

    _transaction(number, audited=True)  # opens the connection
    for audited in plan.blocks:
        barrier.wait()
        begin = time.perf_counter()
        start = begin + plan.every * number / WRITERS
        times = []
        while (now := time.perf_counter()) < begin + plan.seconds:
            if now < start:
                time.sleep(start - now)
            before = time.perf_counter()
            _transaction(number, audited=audited)
            times.append(time.perf_counter() - before)
            start += plan.every
        results.put((audited, times, time.perf_counter() - begin))
    connection.close()


def _transaction(number: int, *, audited: bool) -> None:
    from django.db import connection, transaction  # noqa: PLC0415 as above

    from accounts import audit  # noqa: PLC0415
    from accounts.models import Action  # noqa: PLC0415

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {TABLE} SET count = count + 1 WHERE id = %s", [number])  # noqa: S608 our own table
        cursor.execute("SELECT pg_sleep(%s)", [TRANSACTION_SECONDS])
        if audited:
            audit.record(Action.VIEW, object_type="case", object_id=number, patient_pseudonym=f"patient {number}")
