"""Writers of audit events, each a thread with its own connection: `python -m tests.faults.trail.write THREADS SECONDS`.

A quarter of their transactions are rolled back after they took IDs, and each lasts up to 30 ms, so that transactions
end in another order than they began. Prints how many events were committed.
"""

import random
import sys
import threading
import time

import django

django.setup()

from django.db import connections, transaction  # noqa: E402 Django first

from accounts import audit  # noqa: E402
from accounts.models import Action  # noqa: E402


def write(number: int, seconds: float, committed: list[int]) -> None:
    chance = random.Random(number)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        count = chance.randint(1, 4)
        with transaction.atomic():
            for event in range(count):
                audit.record(Action.VIEW, object_type="case", object_id=event)
                time.sleep(chance.uniform(0, 0.03))
            taken_back = chance.random() < 0.25
            transaction.set_rollback(taken_back)
        committed.append(0 if taken_back else count)
    connections.close_all()


def main(threads: int, seconds: float) -> None:
    committed: list[int] = []
    writers = [threading.Thread(target=write, args=(number, seconds, committed)) for number in range(threads)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    print(sum(committed))  # noqa: T201 the test reads it


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
