"""Messages as files: each is taken once and whole, however many processes look."""

import multiprocessing
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection

TRANSPORT = "jobs.folder_transport:FolderTransport"


def connect(folder: Path) -> Connection:
    options = {"data_folder_in": str(folder), "data_folder_out": str(folder), "polling_interval": 0.01}
    return Connection("filesystem://localhost/", transport=TRANSPORT, transport_options=options)


def take_all(folder: Path, go: Any, taken: Any) -> None:
    """Takes messages until it has seen the last word."""
    go.wait()
    with connect(folder) as connection:
        queue = connection.SimpleQueue("clinical")
        while (body := queue.get(timeout=20)).payload != "stop":
            taken.put(body.payload)
            body.ack()
        body.ack()
        queue.close()
    taken.put(None)


def test_every_message_is_taken_once_and_whole_by_one_of_several_processes(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("spawn")
    go, taken = fork.Event(), fork.Queue()
    takers = [fork.Process(target=take_all, args=(tmp_path, go, taken)) for _ in range(3)]
    for taker in takers:
        taker.start()
    go.set()
    with connect(tmp_path) as connection:
        producer = connection.Producer()
        for number in range(300):
            producer.publish({"number": number, "filler": "x" * 20_000}, routing_key="clinical")
        for _ in takers:
            producer.publish("stop", routing_key="clinical")

    seen: Counter[int] = Counter()
    ended = 0
    while ended < len(takers):
        message = taken.get(timeout=30)
        if message is None:
            ended += 1
        else:
            assert len(message["filler"]) == 20_000
            seen[message["number"]] += 1
    for taker in takers:
        taker.join(timeout=10)

    assert seen == Counter(range(300))
    assert list(tmp_path.iterdir()) == []


def test_the_oldest_message_of_a_queue_comes_first_and_other_queues_are_left_alone(tmp_path: Path) -> None:
    with connect(tmp_path) as connection:
        producer = connection.Producer()
        for body, queue in [("a", "clinical"), ("x", "training"), ("b", "clinical")]:
            producer.publish(body, routing_key=queue)
        channel: Any = connection.default_channel

        assert [channel.basic_get("clinical").decode() for _ in range(2)] == ["a", "b"]
        assert channel.basic_get("clinical") is None
        assert channel.basic_get("training").decode() == "x"


def test_a_message_that_is_still_being_written_is_not_seen(tmp_path: Path) -> None:
    (tmp_path / "00000000000000000001_00.clinical.msg.unfinished").write_text("{")
    with connect(tmp_path) as connection:
        channel: Any = connection.default_channel
        assert channel.basic_get("clinical") is None


@pytest.mark.parametrize("size", [0, 2])
def test_the_queue_counts_and_purges_its_messages(tmp_path: Path, size: int) -> None:
    with connect(tmp_path) as connection:
        for _ in range(size):
            connection.Producer().publish("a", routing_key="clinical")
        channel: Any = connection.default_channel

        assert channel.queue_declare("clinical").message_count == size
        assert channel.queue_purge("clinical") == size
        assert channel.basic_get("clinical") is None
