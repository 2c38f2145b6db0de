"""Jobs, as the database has them."""

from django.contrib import admin

from accounts.admin_site import ReadOnlyAdmin
from jobs.models import Job


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """What is being done, and how far it is."""

    shown = ("public_id", "kind", "status", "attempt", "progress_done", "progress_total", "error_code", "created_at")
