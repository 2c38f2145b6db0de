"""Makes the locked, read-only site Django's default one."""

from django.contrib.admin.apps import AdminConfig


class LobuleAdminConfig(AdminConfig):
    """`django.contrib.admin` with our site."""

    default_site = "accounts.admin_site.LobuleAdminSite"
