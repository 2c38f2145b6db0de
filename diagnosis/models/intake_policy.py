"""What an institution wants done with images on their way in."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from accounts.models import Institution


class IntakePolicy(models.Model):
    """One institution's choices; an institution without a row keeps identities."""

    institution = models.OneToOneField(Institution, on_delete=models.CASCADE, related_name="intake_policy")
    deidentify = models.BooleanField("remove identities on the way in", default=False)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "intake policies"
        ordering: ClassVar = ["institution_id"]

    def __str__(self) -> str:
        return f"Intake at {self.institution}"
