"""Celery's settings for the two transports. Plain values: the site's settings import this before Django is
up.

Measured on Celery and Kombu 5.7.0 with Redis 7.0; the figures are explained in the decision record on jobs.
"""

from pathlib import Path
from typing import Any

TASK_TIME_LIMIT = 600  # s, then the worker process is killed
TASK_SOFT_TIME_LIMIT = 540  # s, then SoftTimeLimitExceeded is raised inside the handler
VISIBILITY_TIMEOUT = 900  # s, after which Redis delivers an unacknowledged message again: above the hard limit
REAP_SECONDS = 10
DISCARD_SECONDS = 3600
ABANDONED_SECONDS = 3600
REVIEW_SECONDS = 3600
SEAL_SECONDS = 3
KEEP_AUDIT_SECONDS = 60

_COMMON: dict[str, Any] = {
    "CELERY_ACCEPT_CONTENT": ["json"],
    "CELERY_TASK_IGNORE_RESULT": True,
    # The row's lease and attempt decide who works; late acknowledgement only makes recovery quicker.
    "CELERY_TASK_ACKS_LATE": True,
    "CELERY_TASK_RETRY_ON_WORKER_LOST": True,
    # Alone this would deliver a message that kills its worker for ever; the line above bounds it.
    "CELERY_TASK_REJECT_ON_WORKER_LOST": True,
    "CELERY_TASK_TIME_LIMIT": TASK_TIME_LIMIT,
    "CELERY_TASK_SOFT_TIME_LIMIT": TASK_SOFT_TIME_LIMIT,
    "CELERY_WORKER_PREFETCH_MULTIPLIER": 1,
    # How long the place of a killed process stays taken in case a result still arrives: there are none.
    "CELERY_WORKER_LOST_WAIT": 1.0,
    "CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT": 30,
    "CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS": True,
    "CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP": True,
    # Celery would put its own log handler in place of the site's, which holds back what may quote a patient.
    "CELERY_WORKER_HIJACK_ROOT_LOGGER": False,
    "CELERY_BEAT_SCHEDULE": {
        "reap-jobs": {
            "task": "jobs.reap",
            "schedule": float(REAP_SECONDS),
            # A reap that waited this long has been overtaken by the next one.
            "options": {"expires": 2 * REAP_SECONDS},
        },
        "discard-stale-uploads": {
            "task": "diagnosis.discard_stale_uploads",
            "schedule": float(DISCARD_SECONDS),
            "options": {"expires": DISCARD_SECONDS},
        },
        "remove-abandoned-sets": {
            "task": "synthesis.remove_abandoned",
            "schedule": float(ABANDONED_SECONDS),
            "options": {"expires": ABANDONED_SECONDS},
        },
        "review-access": {
            "task": "accounts.review_access",
            "schedule": float(REVIEW_SECONDS),
            "options": {"expires": REVIEW_SECONDS},
        },
        # `manage.py seal_audit --follow` does both as well: where it runs, a worker full of long jobs delays neither.
        "seal-audit": {
            "task": "accounts.seal_audit",
            "schedule": float(SEAL_SECONDS),
            "options": {"expires": 2 * SEAL_SECONDS},
        },
        "keep-audit": {
            "task": "accounts.keep_audit",
            "schedule": float(KEEP_AUDIT_SECONDS),
            "options": {"expires": KEEP_AUDIT_SECONDS},
        },
    },
    # In memory: a schedule of short intervals needs no state on disk.
    "CELERY_BEAT_SCHEDULER": "celery.beat:Scheduler",
}


def filesystem_transport(folder: Path) -> dict[str, Any]:
    """Messages as files in `folder`, which is made: for a site on one machine with nothing else running.

    A worker that polls this often starts a job within 50 ms and costs under 3 % of a core when idle. Remote
    control is
    off: it binds a queue per worker that nobody reads once the worker was killed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return {
        **_COMMON,
        "CELERY_BROKER_URL": "filesystem://localhost/",  # a host, or Kombu warns that it took this one
        "CELERY_BROKER_TRANSPORT": "jobs.folder_transport:FolderTransport",
        "CELERY_BROKER_TRANSPORT_OPTIONS": {
            "data_folder_in": str(folder),
            "data_folder_out": str(folder),
            "polling_interval": 0.05,
        },
        "CELERY_WORKER_ENABLE_REMOTE_CONTROL": False,
    }


def redis_transport(url: str) -> dict[str, Any]:
    """Messages in the Redis database at `url` (redis://[:password@]host:port/number), which holds nothing
    else.

    The socket timeouts let a worker notice a half-open connection within 30 s (150 s and more without them).
    A web process that cannot reach Redis gives the doorbell up after one attempt: the reaper rings it later.
    """
    return {
        **_COMMON,
        "CELERY_BROKER_URL": url,
        "CELERY_BROKER_TRANSPORT": None,  # as the URL says
        "CELERY_BROKER_TRANSPORT_OPTIONS": {
            "visibility_timeout": VISIBILITY_TIMEOUT,
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            "socket_timeout": 15,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 10,
            "retry_on_timeout": True,
        },
        "CELERY_WORKER_ENABLE_REMOTE_CONTROL": True,
    }
