#!/usr/bin/env python
"""Django's command line. The settings default to the demo, which needs no configuration."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings.demo")
    execute_from_command_line(sys.argv)
