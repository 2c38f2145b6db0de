"""The demo's parts, asking for a second factor as production does."""

from webapp.settings.demo import *  # noqa: F403 settings are made of settings

MFA_REQUIRED = True
