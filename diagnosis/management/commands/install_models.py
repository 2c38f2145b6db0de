"""`manage.py install_models`: enters the models that ship with this release."""

from typing import Any

from django.core.management.base import BaseCommand

from diagnosis.scoring import shipped_predictor
from diagnosis.services.models import install_fna_model


class Command(BaseCommand):
    """Safe to run again: a model is known by the SHA-256 of its weights."""

    help = "Enter the models that ship with this release into the registry."

    def handle(self, *args: Any, **options: Any) -> None:
        model = install_fna_model(shipped_predictor())
        self.stdout.write(f"{model}: {model.weights_sha256}, {'in use' if model.is_active else 'not in use'}")
