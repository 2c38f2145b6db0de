"""The demo with sessions so short that a test can sit through one."""

from webapp.settings.demo import *  # noqa: F403

SESSION_IDLE_SECONDS = 14
SESSION_WARNING_SECONDS = 9
