"""`manage.py replay_prediction ID`: proves that a stored prediction can be computed again, bit for bit."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from diagnosis.models import Prediction
from diagnosis.services.models import fna_predictor
from diagnosis.services.replay import replay


class Command(BaseCommand):
    """Replays one prediction; exits 1 and names each difference when it does not come out the same."""

    help = "Compute a stored prediction again and compare it bit for bit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=UUID, help="the prediction's ID, as its case page shows it")

    def handle(self, *args: Any, **options: Any) -> None:
        prediction = Prediction.objects.select_related("case__fna_sample").filter(public_id=options["id"]).first()
        if prediction is None:
            raise CommandError(f"There is no prediction {options['id']}.")
        differences = replay(prediction)
        if not differences:
            self.stdout.write(self.style.SUCCESS(f"Prediction {prediction.public_id}: the same, bit for bit."))
            return
        for difference in differences:
            self.stdout.write(f"{difference.field}: stored {difference.stored!r}, now {difference.replayed!r}")
        here = fna_predictor(prediction.weights_sha256).provenance()
        if here != prediction.provenance:
            self.stdout.write(f"It was computed on {prediction.provenance}; this is {here}.")
        raise CommandError(f"Prediction {prediction.public_id} does not replay: {len(differences)} fields differ.")
