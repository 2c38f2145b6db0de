"""Log lines say where and what kind, never what a file or a row holds."""

import io
import logging
import logging.config
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from accounts.models import Institution
from diagnosis.models import Patient

PLANTED = "PLANTED^JANE"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the site's own handler writes, with the settings' formatter and filters."""
    out = io.StringIO()
    config: dict[str, Any] = {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": settings.LOGGING["filters"],
        "formatters": settings.LOGGING["formatters"],
        "handlers": {"console": {**settings.LOGGING["handlers"]["console"], "stream": out}},
        "root": {"handlers": ["console"], "level": "DEBUG"},
    }
    before = logging.root.handlers[:], logging.root.level
    logging.config.dictConfig(config)
    yield out
    logging.root.handlers[:], level = before
    logging.root.setLevel(level)


def _fail_twice() -> None:
    try:
        int(PLANTED)
    except ValueError as error:
        raise RuntimeError(f"patient {PLANTED}") from error


def test_an_exception_is_logged_without_its_message(written: io.StringIO) -> None:
    try:
        _fail_twice()
    except RuntimeError:
        logging.getLogger("diagnosis").exception("A file could not be read.")
    line = written.getvalue()
    assert PLANTED not in line
    assert "A file could not be read." in line
    assert "builtins.RuntimeError" in line
    assert "builtins.ValueError" in line
    assert "test_logs.py" in line


def test_a_trace_that_another_handler_formatted_is_not_passed_on(written: io.StringIO) -> None:
    record = logging.makeLogRecord(
        {"name": "diagnosis", "msg": "Failed.", "levelno": logging.ERROR, "levelname": "ERROR"}
    )
    record.exc_text = f"ValueError: {PLANTED}"
    logging.root.handle(record)
    assert "Failed." in written.getvalue()
    assert PLANTED not in written.getvalue()
    assert record.exc_text == f"ValueError: {PLANTED}"


@pytest.mark.django_db
def test_a_database_that_names_the_refused_values_is_not_quoted(written: io.StringIO) -> None:
    hospital = Institution.objects.create(name="North")
    Patient.objects.create(institution=hospital, identity=PLANTED, name=PLANTED)
    try:
        with transaction.atomic():
            Patient.objects.create(institution=hospital, identity=PLANTED, name=PLANTED)
    except IntegrityError as error:
        said = str(error)
        logging.getLogger("django.request").exception("Internal Server Error: /x")
    if connection.vendor == "postgresql":
        assert PLANTED in said
    assert "IntegrityError" in written.getvalue()
    assert PLANTED not in written.getvalue()


@pytest.mark.parametrize("library", ["pydicom", "pydicom.valuerep", "PIL.Image", "pynetdicom.acse"])
def test_a_librarys_remark_about_a_file_is_withheld(written: io.StringIO, library: str) -> None:
    logging.getLogger(library).warning("Invalid value for VR PN: %s", PLANTED)
    assert "withheld" in written.getvalue()
    assert library in written.getvalue()
    assert PLANTED not in written.getvalue()


def test_a_warning_about_a_file_is_withheld(written: io.StringIO) -> None:
    logging.captureWarnings(capture=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(capture=False)
            logging.captureWarnings(capture=True)
            warnings.warn(f"Invalid value {PLANTED}", stacklevel=1)
    finally:
        logging.captureWarnings(capture=False)
    assert "withheld" in written.getvalue()
    assert PLANTED not in written.getvalue()


def test_our_own_lines_are_written_whole(written: io.StringIO) -> None:
    logging.getLogger("jobs.runner").warning("Job %s: attempt %d was overtaken.", "1234", 2)
    assert "WARNING jobs.runner Job 1234: attempt 2 was overtaken." in written.getvalue()
