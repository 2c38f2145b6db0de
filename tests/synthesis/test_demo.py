"""The demo's sources and its order: made once, and never outside the demo."""

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from accounts.demo import create_people
from synthesis.demo.sources import phantom_file
from synthesis.management.commands import setup_synthesis_demo
from synthesis.models import SourceDataset, SyntheticSet

pytestmark = pytest.mark.django_db


def test_demo_can_be_ordered_from_and_has_one_order(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SHOW_DEMO_SIGN_INS = True
    monkeypatch.setattr(setup_synthesis_demo, "phantom_file", lambda: phantom_file(140, 16))
    create_people()
    for _ in range(2):
        call_command("setup_synthesis_demo")
    table, pictures = SourceDataset.objects.order_by("kind")
    assert (table.kind, table.records, table.licence) == ("fna", 569, "CC-BY-4.0")
    assert (pictures.kind, pictures.classes) == ("image", ("benign", "malignant", "normal"))
    assert {source.status for source in (table, pictures)} == {"released"}
    order = SyntheticSet.objects.get()
    assert (order.source, order.ordered_by.email) == (table, "researcher@northgate.example")
    assert order.job.status == "queued"


def test_other_sites_get_no_demo(settings: LazySettings) -> None:
    settings.SHOW_DEMO_SIGN_INS = False
    with pytest.raises(CommandError, match="Only the demo"):
        call_command("setup_synthesis_demo")
