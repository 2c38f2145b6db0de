"""`manage.py setup_demo`: demo accounts, and demo cases waiting for the worker."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts import audit
from accounts.demo import create_people, sign_ins
from accounts.demo_trail import make_up_a_month
from accounts.models import Role, User
from diagnosis.demo.images import upload_demo_images
from diagnosis.demo.restricted import restrict_demo_records
from diagnosis.demo.samples import demo_table
from diagnosis.models import FnaBatch, Restriction, Upload
from diagnosis.services.intake import import_fna_file


class Command(BaseCommand):
    """Sends public FNA samples and images as the demo's clinician; does nothing where that was done before."""

    help = "Create the demo's accounts and cases."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SHOW_DEMO_SIGN_INS:
            raise CommandError("Demo accounts have known passwords: only the demo settings create them.")
        create_people()
        make_up_a_month()
        people = User.objects.select_related("institution")
        user, colleague = (
            people.get(email=person["email"]) for person in sign_ins()[:2] if person["role"] == Role.CLINICIAN
        )
        with audit.acting(audit.context_for(user, request_id="setup_demo")):
            if not FnaBatch.objects.filter(created_by=user).exists():
                import_fna_file(user=user, data=demo_table(), file_name="demo-wdbc-samples.csv")
            if not Upload.objects.filter(created_by=user).exists():
                upload_demo_images(user)
            if not Restriction.objects.filter(restricted_by=user).exists():
                restrict_demo_records(user, colleague)
