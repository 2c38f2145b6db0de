"""`manage.py add_user`: gives a person an account, and a new institution its first one."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.errors import DomainError
from accounts.models import Role
from accounts.people.adding import add_user


class Command(BaseCommand):
    """Asks for the password, or reads it from standard input when that is no terminal."""

    help = "Add a person to an institution; the institution is made if it is new."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", required=True, help="the person's full name")
        parser.add_argument("--institution", required=True)
        parser.add_argument("--role", required=True, choices=Role.values)

    def handle(self, *args: Any, **options: Any) -> None:
        password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        try:
            user = add_user(
                institution_name=options["institution"],
                email=options["email"],
                full_name=options["name"],
                role=options["role"],
                password=password,
            )
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{user.email} is {user.get_role_display()} at {user.institution}.")
