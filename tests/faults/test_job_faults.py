"""Workers, brokers and web processes that die at the worst moment: nothing is lost, nothing is done twice."""

import random
import signal
import subprocess
import time
from typing import Any

import pytest

UNITS = 5


def assert_each_unit_once(jobs: list[dict[str, Any]], units: int = UNITS) -> None:
    for job in jobs:
        assert job["status"] == "succeeded", job
        assert job["units"] == list(range(units)), job


def test_rel_01_workers_killed_at_random_lose_and_double_nothing(site: Any) -> None:
    moments = random.Random(20261121)
    site.call("enqueue", kind="tally", jobs=20, units=UNITS)
    for _ in range(2):
        worker = site.start_worker()
        assert site.call("wait_for_marks", more=3) >= 3
        time.sleep(moments.uniform(0, 0.3))
        worker.kill()
    site.start_worker()

    jobs = site.call("wait_until_ended")

    assert len(jobs) == 20
    assert_each_unit_once(jobs)
    assert max(job["attempt"] for job in jobs) > 1, "no worker was killed in the middle of a job"


def test_rel_02_a_job_that_kills_its_process_is_given_up_and_others_proceed(site: Any) -> None:
    site.call("enqueue", kind="kills-its-process")
    site.call("enqueue", kind="tally", jobs=10, units=UNITS)
    site.start_worker()

    jobs = site.call("wait_until_ended")

    poison, *others = jobs
    assert (poison["status"], poison["error_code"]) == ("failed", "attempts_exhausted")
    assert poison["units"] == [1, 2, 3, 4]
    assert_each_unit_once(others)


def test_rel_04_jobs_outlive_a_broker_that_loses_everything(site: Any) -> None:
    site.call("enqueue", kind="tally", jobs=20, units=2)
    assert site.call("empty_broker") == 20
    started = time.monotonic()
    site.start_worker()

    jobs = site.call("wait_until_ended")

    assert_each_unit_once(jobs, units=2)
    assert time.monotonic() - started < 120


def test_rel_06_ten_doorbells_in_parallel_make_one_run(site: Any) -> None:
    site.start_worker()
    site.start_worker()
    site.call("enqueue", kind="tally", jobs=6, units=UNITS, rings=10)

    jobs = site.call("wait_until_ended")

    assert_each_unit_once(jobs)
    assert [job["attempt"] for job in jobs] == [1] * 6


def test_rel_07_a_step_longer_than_lease_and_visibility_timeout_runs_once(site: Any) -> None:
    site.call("enqueue", kind="slow", jobs=2)
    site.start_worker()

    jobs = site.call("wait_until_ended")

    assert_each_unit_once(jobs, units=1)
    assert [job["attempt"] for job in jobs] == [1, 1]


def test_rel_08_a_job_whose_web_process_died_before_the_doorbell_still_runs(site: Any) -> None:
    with pytest.raises(Exception, match=f"^{-signal.SIGKILL}$"):
        site.call("enqueue_and_die", kind="tally")
    site.start_worker()

    jobs = site.call("wait_until_ended")

    assert len(jobs) == 1
    assert_each_unit_once(jobs, units=1)


def test_rel_15_a_deploy_hands_its_jobs_over(site: Any) -> None:
    site.call("enqueue", kind="tally", jobs=2, units=80)
    old = site.start_worker()
    site.call("wait_for_marks", more=4)

    seconds = old.terminate()

    handed_over = site.call("state")
    assert seconds < 10
    assert [job["status"] for job in handed_over] == ["queued", "queued"]
    assert [job["max_attempts"] - job["attempt"] for job in handed_over] == [4, 4]
    site.start_worker()
    assert_each_unit_once(site.call("wait_until_ended"), units=80)


def test_a_worker_that_was_frozen_beyond_its_lease_writes_nothing_when_it_wakes(site: Any) -> None:
    site.call("enqueue", kind="freezes-once", units=6)
    frozen = site.start_worker(concurrency=1)
    assert site.call("wait_for_marks", more=3) == 3
    site.start_worker(concurrency=1)

    jobs = site.call("wait_until_ended")
    frozen.thaw()
    time.sleep(1)

    assert jobs[0]["attempt"] > 1
    assert_each_unit_once(site.call("state"), units=6)


@pytest.mark.parametrize("built_site", ["files"], indirect=True)
def test_rel_03_a_job_that_kills_the_whole_worker_is_given_up(site: Any) -> None:
    site.call("enqueue", kind="kills-its-worker")
    for _ in range(4):
        worker = site.start_worker(concurrency=1)
        try:
            worker.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            pytest.fail("the job did not start again")
    site.start_worker(concurrency=1)

    jobs = site.call("wait_until_ended")

    assert (jobs[0]["status"], jobs[0]["error_code"], jobs[0]["units"]) == (
        "failed",
        "attempts_exhausted",
        [1, 2, 3, 4],
    )
