"""`manage.py setup_synthesis_demo`: sources to order from, and one order waiting for the worker."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management.base import BaseCommand, CommandError

from accounts import audit
from accounts.demo import sign_ins
from accounts.models import Role, User
from synthesis.architectures import TABULAR
from synthesis.demo.sources import PHANTOMS, WDBC, phantom_file, wdbc_file
from synthesis.models import Effort, SourceDataset, SyntheticSet
from synthesis.services.orders import Order, place_order
from synthesis.services.sources import NewSource, add_source, release_source

ORDER = Order(
    title="Synthetic FNA measurements for teaching",
    architecture=TABULAR,
    counts={"benign": 300, "malignant": 200},
    effort=Effort.STANDARD,
    seed=1,
)


class Command(BaseCommand):
    """Adds and releases the demo's sources as its administrators, and orders a set as its researcher.

    Does nothing where that was done before. The accounts must be there (`setup_demo`).
    """

    help = "Create the demo's sources of synthetic data and one order."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SHOW_DEMO_SIGN_INS:
            raise CommandError("Only the demo settings create the demo's sources.")
        admin, researcher = _first(Role.ADMIN), _first(Role.RESEARCHER)
        with audit.acting(audit.context_for(admin, request_id="setup_demo")):
            table = _source(admin, WDBC, wdbc_file)
            _source(admin, PHANTOMS, phantom_file)
        with audit.acting(audit.context_for(researcher, request_id="setup_demo")):
            if not SyntheticSet.objects.filter(ordered_by=researcher).exists():
                place_order(user=researcher, source=table, order=ORDER)


def _first(role: Role) -> User:
    email = next(person["email"] for person in sign_ins() if person["role"] == role)
    return User.objects.select_related("institution").get(email=email)


def _source(admin: User, about: NewSource, file: Callable[[], SimpleUploadedFile]) -> SourceDataset:
    there = SourceDataset.objects.filter(institution=admin.institution, name=about.name).first()
    if there is not None:
        return there
    return release_source(user=admin, source=add_source(user=admin, about=about, file=file()))
