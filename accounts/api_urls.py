"""API URLs of the accounts app."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from accounts import api
from accounts.review.api import AuditEventViewSet

router = SimpleRouter(use_regex_path=False)
router.register("audit-events", AuditEventViewSet, basename="api-audit-event")

urlpatterns = [
    *router.urls,
    path("auth/token/", api.TokenView.as_view(), name="api-token"),
    path("auth/token/revoke/", api.RevokeTokenView.as_view(), name="api-token-revoke"),
]
