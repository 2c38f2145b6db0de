"""All URLs of the site."""

from django.urls import include, path

from webapp import health

urlpatterns = [
    path("health/live/", health.live, name="health-live"),
    path("health/ready/", health.ready, name="health-ready"),
    path("api/v1/", include("webapp.api.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("jobs/", include("jobs.urls")),
    path("", include("accounts.urls")),
    path("", include("diagnosis.urls")),
]
