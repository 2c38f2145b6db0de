"""The site's settings with the tally app in place of the models, and with short times."""

import os
from pathlib import Path

from jobs.celery_settings import filesystem_transport, redis_transport
from webapp.settings import test

globals().update({name: value for name, value in vars(test).items() if name.isupper()})

INSTALLED_APPS = [app for app in test.INSTALLED_APPS if app != "diagnosis"] + ["tests.faults.tally.apps.TallyConfig"]
ROOT_URLCONF = "jobs.urls"
JOB_LEASE_SECONDS = 1
if os.environ["FAULTS_REDIS_URL"]:
    globals().update(redis_transport(os.environ["FAULTS_REDIS_URL"]))
    # Shorter than the slow job runs, so Redis delivers it a second time while it does.
    globals()["CELERY_BROKER_TRANSPORT_OPTIONS"]["visibility_timeout"] = 2
else:
    globals().update(filesystem_transport(Path(os.environ["VAR_DIR"]) / "messages"))
CELERY_BEAT_SCHEDULE = {"reap-jobs": {"task": "jobs.reap", "schedule": 0.5, "options": {"expires": 1}}}
