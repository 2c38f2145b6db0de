"""An institution's own sign-in service."""

import hashlib

from django.db import models

from accounts.models.institution import Institution
from accounts.models.user import User


class SingleSignOn(models.Model):
    """The OpenID Connect issuer that an institution's people may sign in with, and who we are to it."""

    institution = models.OneToOneField(Institution, on_delete=models.PROTECT, related_name="single_sign_on")
    issuer = models.URLField(max_length=500, help_text="Exactly as the service's own documents write it.")
    client_id = models.CharField(max_length=191)
    client_secret = models.TextField(help_text="Encrypted with MFA_ENCRYPTION_KEY.")
    is_enabled = models.BooleanField(default=False)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "single sign-ons"

    def __str__(self) -> str:
        return f"{self.institution}: {self.issuer}"

    @property
    def provider_id(self) -> str:
        """Names issuer and institution: with another issuer, nobody's earlier link (issuer, sub) still fits."""
        digest = hashlib.sha256(f"{self.institution.public_id}\n{self.issuer}".encode()).hexdigest()
        return f"sso-{digest[:24]}"
