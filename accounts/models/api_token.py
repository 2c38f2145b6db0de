"""The tokens with which programs sign in."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone
from knox.models import AbstractAuthToken


class ApiToken(AbstractAuthToken):
    """A token for a program: kept as a hash, good for what its scopes say, until it expires.

    Knox gives `digest` (the token's SHA-512), `token_key` (how the token begins), `user`, `created` and `expiry`.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=100, help_text="What uses it.")
    scopes = models.JSONField(default=list, blank=True, help_text="What it may do; nothing else is allowed.")
    is_verified = models.BooleanField(
        default=False, help_text="Whether the person who made it had shown a second factor."
    )
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created"]

    def __str__(self) -> str:
        return f"{self.name} ({self.token_key}…)"

    @property
    def has_expired(self) -> bool:
        """Whether its time is over."""
        return self.expiry is not None and self.expiry <= timezone.now()
