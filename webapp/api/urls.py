"""The API, version 1."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny
from rest_framework.routers import SimpleRouter

from jobs.api import JobViewSet
from webapp.api.docs import api_docs

router = SimpleRouter(use_regex_path=False)
router.register("jobs", JobViewSet, basename="api-job")

urlpatterns = [
    path("", include("accounts.api_urls")),
    path("", include(router.urls)),
    path("", include("diagnosis.api.urls")),
    path("", include("synthesis.api.urls")),
    path("schema/", SpectacularAPIView.as_view(permission_classes=[AllowAny]), name="api-schema"),
    path("docs/", api_docs, name="api-docs"),
]
