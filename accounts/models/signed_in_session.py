"""The browsers in which people are signed in."""

import uuid
from typing import Any, ClassVar, Self

from django.db import models
from django.utils import timezone

from accounts.models.user import Role, User


class SignedInSessionQuerySet(models.QuerySet["SignedInSession"]):
    """Sessions of people who are signed in."""

    def visible_to(self, user: Any) -> Self:
        """Everybody sees their own; an administrator those of the institution's people."""
        if not user.is_authenticated:
            return self.none()
        if user.role == Role.ADMIN:
            return self.filter(user__institution=user.institution)
        return self.filter(user=user)


class SignedInSession(models.Model):
    """One browser in which a person is signed in, for as long as that holds.

    This row is the truth: a browser's session whose row is gone is over, wherever the session itself is kept (in the
    database, in a cache) and however many copies of it there are. The times are the server's.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="signed_in_sessions")
    session_key = models.CharField(max_length=40, help_text="Where Django keeps the session; never shown.")
    signed_in_at = models.DateTimeField(default=timezone.now)
    last_active_at = models.DateTimeField(default=timezone.now, db_index=True)
    ip = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=400, blank=True)

    objects = SignedInSessionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-last_active_at", "-id"]

    def __str__(self) -> str:
        return f"{self.user} since {self.signed_in_at:%Y-%m-%d %H:%M}"
