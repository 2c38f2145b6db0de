"""Accounts and their trail, as the database has them."""

from typing import Any

from django.contrib import admin

from accounts.admin_site import ReadOnlyAdmin
from accounts.models import AuditEvent, Institution, User


@admin.register(Institution)
class InstitutionAdmin(ReadOnlyAdmin):
    """The administrator's own institution."""

    institution_path = "pk"
    shown = ("name", "public_id", "created_at")


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    """Its people; they are invited and changed on the page *People*."""

    shown = ("email", "full_name", "role", "is_active", "last_login", "created_at", "public_id")
    search_fields = ("email", "full_name")


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """Its trail; reviewed on the page *Audit trail*."""

    shown = (
        "at",
        "actor",
        "role",
        "action",
        "outcome",
        "object_type",
        "object_id_text",
        "patient_pseudonym",
        "purpose",
        "ip",
        "request_id",
        "detail",
    )

    def of_institution(self, user: User) -> dict[str, Any]:
        return {"institution_id_text": str(user.institution.public_id)}
