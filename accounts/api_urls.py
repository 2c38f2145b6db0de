"""API URLs of the accounts app."""

from django.urls import path

from accounts import api

urlpatterns = [
    path("auth/token/", api.TokenView.as_view(), name="api-token"),
    path("auth/token/revoke/", api.RevokeTokenView.as_view(), name="api-token-revoke"),
]
