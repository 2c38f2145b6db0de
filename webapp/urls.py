"""All URLs of the site."""

from django.contrib import admin
from django.urls import include, path

from webapp import health

urlpatterns = [
    path("health/live/", health.live, name="health-live"),
    path("health/ready/", health.ready, name="health-ready"),
    path("api/v1/", include("webapp.api.urls")),
    path("accounts/sso/", include("accounts.sso.urls")),
    path("accounts/", include("accounts.sign_in.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("jobs/", include("jobs.urls")),
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("", include("accounts.people.urls")),
    path("", include("diagnosis.urls")),
    path("", include("synthesis.urls")),
]
# allauth asks for it where it limits a rate.
handler429 = "accounts.sign_in.views.too_many"

handler400 = "webapp.error_pages.bad_request"
handler403 = "webapp.error_pages.permission_denied"
handler404 = "webapp.error_pages.page_not_found"
handler500 = "webapp.error_pages.server_error"
