"""`manage.py setup_demo`: demo accounts, and demo cases waiting for the worker."""

import csv
import io
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from sklearn.datasets import load_breast_cancer

from accounts import audit
from accounts.demo import create_people, sign_ins
from accounts.models import Role, User
from diagnosis.models import FnaBatch
from diagnosis.services.intake import import_fna_file
from ml.fna.schema import FEATURE_NAMES, LABELS

SHOWN = 40
SEED = 7


class Command(BaseCommand):
    """Sends a file of public WDBC samples as the demo's clinician; does nothing where that was done before."""

    help = "Create the demo's accounts and cases."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SHOW_DEMO_SIGN_INS:
            raise CommandError("Demo accounts have known passwords: only the demo settings create them.")
        create_people()
        first = next(person for person in sign_ins() if person["role"] == Role.CLINICIAN)
        user = User.objects.select_related("institution").get(email=first["email"])
        if FnaBatch.objects.filter(created_by=user).exists():
            return
        with audit.acting(audit.context_for(user, request_id="setup_demo")):
            import_fna_file(user=user, data=demo_table(), file_name="demo-wdbc-samples.csv")


def demo_table() -> bytes:
    """A CSV of 40 public WDBC samples, and of three spoilt copies that the model ought to refuse."""
    bunch = load_breast_cancer()
    # scikit-learn codes malignant as 0.
    outcomes = 1 - bunch.target
    chosen = np.random.default_rng(SEED).permutation(len(outcomes))[:SHOWN]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["sample_id", "diagnosis", *FEATURE_NAMES])
    for number, index in enumerate(chosen, start=1):
        writer.writerow([f"NG-{number:04d}", LABELS[outcomes[index]], *bunch.data[index].tolist()])
    for number, values in enumerate(_spoilt(bunch.data[chosen[:3]]), start=1):
        writer.writerow([f"NG-SPOILT-{number}", "", *values.tolist()])
    return out.getvalue().encode()


def _spoilt(rows: Any) -> list[Any]:
    """Three ways in which a row goes wrong: a slipped decimal point, exchanged columns, values of another sample."""
    slipped, exchanged, mixed = (row.copy() for row in rows)
    slipped[_columns("texture_mean")] *= 3
    exchanged[_columns("smoothness_mean", "symmetry_mean")] = exchanged[_columns("symmetry_mean", "smoothness_mean")]
    worst = _columns("radius_worst", "perimeter_worst", "area_worst")
    mixed[worst] = rows[0][worst] * 1.6
    return [slipped, exchanged, mixed]


def _columns(*names: str) -> list[int]:
    return [FEATURE_NAMES.index(name) for name in names]
