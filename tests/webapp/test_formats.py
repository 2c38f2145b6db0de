"""Dates and numbers as people read them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.utils import timezone as django_timezone

from webapp.templatetags.formats import dicom_date, percent, significant, when


def test_when_is_local_and_machine_readable() -> None:
    moment = datetime(2026, 11, 21, 14, 5, 59, tzinfo=UTC)
    assert when(moment) == '<time datetime="2026-11-21T14:05:59+00:00">21 Nov 2026, 14:05</time>'
    with django_timezone.override(timezone(timedelta(hours=1))):
        assert when(moment) == '<time datetime="2026-11-21T15:05:59+01:00">21 Nov 2026, 15:05</time>'
    assert when(None) == "–"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("20261121", "21 Nov 2026"),
        ("19040119", "19 Jan 1904"),
        ("", "–"),
        ("20261", "20261"),
        ("2004.01.19", "2004.01.19"),
    ],
)
def test_dicom_date(value: str, text: str) -> None:
    assert dicom_date(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.123, "12.3%"), (0.0, "0.0%"), (1.0, "100.0%"), (1, "100.0%"),
        (0.0009, "<0.1%"), (0.001, "0.1%"), (0.9991, ">99.9%"), (0.999, "99.9%"), (None, "–"), ("", "–"),
    ],
)  # fmt: skip
def test_percent(value: float | None, text: str) -> None:
    assert percent(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (17.99, "17.99"),
        (1001.0, "1001"),
        (0.002498, "0.002498"),
        (0.0000123456, "0.00001235"),
        (30000.4, "30000"),
        (0.0, "0"),
        (-1.5, "−1.5"),
        (None, "–"),
    ],
)
def test_significant(value: float | None, text: str) -> None:
    assert significant(value) == text
