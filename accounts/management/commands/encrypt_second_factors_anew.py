"""`manage.py encrypt_second_factors_anew`: after a change of MFA_ENCRYPTION_KEY, lets go of the former ones."""

from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import SingleSignOn
from accounts.sign_in.encryption import encrypt_anew

# Where allauth keeps each kind's secret.
SECRETS = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}


class Command(BaseCommand):
    """Encrypts the secrets of second factors and sign-in services with today's key; it may run again."""

    help = "Encrypt all secrets with today's MFA_ENCRYPTION_KEY, after which the former keys can go."

    def handle(self, *args: Any, **options: Any) -> None:
        done = _services()
        for pk in Authenticator.objects.filter(type__in=SECRETS).values_list("pk", flat=True):
            with transaction.atomic():
                factor = Authenticator.objects.select_for_update().filter(pk=pk).first()
                if factor is None:
                    continue
                name = SECRETS[factor.type]
                try:
                    factor.data[name] = encrypt_anew(factor.data[name])
                except InvalidToken as error:
                    raise CommandError(
                        f"The {factor.type} of person {factor.user.public_id} was encrypted with a key that is not "
                        "given: add it to MFA_FORMER_ENCRYPTION_KEYS, or reset that person's second factor."
                    ) from error
                factor.save(update_fields=["data"])
                done += 1
        self.stdout.write(f"{done} secrets are encrypted with today's key.")


def _services() -> int:
    """Encrypts our secrets with the institutions' sign-in services anew."""
    done = 0
    for pk in SingleSignOn.objects.values_list("pk", flat=True):
        with transaction.atomic():
            service = SingleSignOn.objects.select_for_update().filter(pk=pk).first()
            if service is None:
                continue
            try:
                service.client_secret = encrypt_anew(service.client_secret)
            except InvalidToken as error:
                raise CommandError(
                    f"The sign-in service of institution {service.institution.public_id} has a secret encrypted with a "
                    "key that is not given: add it to MFA_FORMER_ENCRYPTION_KEYS, or enter the service's secret anew."
                ) from error
            service.save(update_fields=["client_secret"])
            done += 1
    return done
