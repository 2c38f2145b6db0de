"""System check: does the site work under a database role that cannot change its audit trail?"""

from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.db import connections

from accounts.audit.protection_roles import faults_of


@checks.register(checks.Tags.database, deploy=True)
def the_trail_is_out_of_reach(*, databases: Sequence[str] | None = None, **_: Any) -> list[checks.CheckMessage]:
    """`manage.py check --deploy --database default` asks it; `migrate`, which needs the owner, does not."""
    found: list[checks.CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        if connection.vendor != "postgresql":
            continue
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            (name,) = cursor.fetchone()
            faults = faults_of(cursor, name)
        if faults:
            found.append(
                checks.Warning(
                    f"The site connects as {name!r}, which can change the audit trail: {'; '.join(faults)}.",
                    hint="Run `manage.py grant_database_roles` as the owner, and give the site the role it made.",
                    id="accounts.W001",
                )
            )
    return found
