"""`manage.py install_models`: enters the models that ship with this release."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from diagnosis.services.models import install_shipped_model


class Command(BaseCommand):
    """Safe to run again: a model is known by the SHA-256 of its weights."""

    help = "Enter the models that ship with this release into the registry."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--activate", action="store_true", help="have this release's model answer from now on")

    def handle(self, *args: Any, **options: Any) -> None:
        model = install_shipped_model(activate=options["activate"])
        self.stdout.write(f"{model}: {model.weights_sha256}, {'in use' if model.is_active else 'not in use'}")
