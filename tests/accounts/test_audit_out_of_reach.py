"""AUD-3: without its event nothing of a patient leaves, on any route, streamed or not."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from diagnosis.models import FnaBatch
from tests.accounts.test_audit_every_route import entitled, is_quiet
from tests.cast import PASSWORD
from tests.webapp.role_addresses import address
from tests.webapp.role_matrix import MATRIX
from tests.webapp.test_role_matrix import cast

pytestmark = pytest.mark.django_db

__all__ = ["cast"]

PLANTED = (b"S-1", b"DOE", b"JANE", b"19620314", b"what came in")


REFUSE = {
    "sqlite": """
        CREATE TRIGGER trail_is_full BEFORE INSERT ON accounts_auditevent
        BEGIN SELECT RAISE(ABORT, 'the disk is full'); END
    """,
    "postgresql": """
        CREATE FUNCTION trail_is_full() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'the disk is full' USING ERRCODE = 'disk_full'; END $$;
        CREATE TRIGGER trail_is_full BEFORE INSERT ON accounts_auditevent EXECUTE FUNCTION trail_is_full()
    """,
}
MEND = {
    "sqlite": "DROP TRIGGER trail_is_full",
    "postgresql": "DROP TRIGGER trail_is_full ON accounts_auditevent; DROP FUNCTION trail_is_full()",
}


@contextmanager
def trail_out_of_reach() -> Iterator[None]:
    """No event can be written for a while."""
    with connection.cursor() as cursor:
        cursor.execute(REFUSE[connection.vendor])
        yield
        cursor.execute(MEND[connection.vendor])


def test_aud_03_no_route_answers_without_its_event(cast: dict[str, Client], scored_batch: FnaBatch) -> None:
    answered: dict[str, int] = {}
    for route in MATRIX:
        who = entitled(route)
        if who is None or is_quiet(route):
            continue
        with transaction.atomic():
            url = address(route, scored_batch)
            with trail_out_of_reach():
                response = cast[who].get(url)
                body = (
                    b"".join(response)  # type: ignore[arg-type] # nothing here is asynchronous
                    if isinstance(response, StreamingHttpResponse)
                    else response.content
                )
            transaction.set_rollback(True)
        if response.status_code != 503 or response.headers.get("Retry-After") != "60":
            answered[route] = response.status_code
        assert not any(planted in body for planted in PLANTED), route
    assert answered == {}


def test_aud_03_a_sign_in_that_cannot_be_recorded_signs_nobody_in(client: Client, owner: User) -> None:
    with trail_out_of_reach():
        response = client.post(reverse("account_login"), {"login": owner.email, "password": PASSWORD})
    assert response.status_code == 503
    assert client.get(reverse("account-profile")).status_code == 302
    assert not AuditEvent.objects.filter(action="sign-in").exists()
