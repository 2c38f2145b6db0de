"""`manage.py install_models`: enters the models that ship with this release, or a hospital's own."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from diagnosis.models import InstalledModel
from diagnosis.services.models import SHIPPED_MODALITIES, ModelRefused, install_model_files, install_shipped_model


class Command(BaseCommand):
    """Safe to run again: a model is known by the SHA-256 of its weights."""

    help = (
        "Enter the models that ship with this release into the registry; or, with --file, one that was made with "
        "`python -m ml train`. A model of your own answers nowhere until two people of an institution activate it "
        "on the Models page."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--activate",
            action="store_true",
            help="have this release's models answer from now on, wherever an institution has not chosen its own",
        )
        parser.add_argument("--file", type=Path, help="a safetensors file with its model card (.json) beside it")
        parser.add_argument("--modality", default="", help="what the file's model reads, if its card does not say so")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["file"] is None:
            for modality in SHIPPED_MODALITIES:
                self._say(install_shipped_model(modality, activate=options["activate"]))
            return
        if options["activate"]:
            raise CommandError("Only this release's own models can be activated here; yours, on the Models page.")
        try:
            self._say(install_model_files(options["file"], modality=options["modality"]))
        except ModelRefused as error:
            raise CommandError(str(error)) from error

    def _say(self, model: InstalledModel) -> None:
        use = "the site's default" if model.is_active else "installed, not the default"
        self.stdout.write(f"{model} for {model.modality}: {model.weights_sha256}, {use}")
