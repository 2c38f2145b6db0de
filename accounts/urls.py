"""URLs of the accounts app."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("", views.home, name="home"),
    path("audit/", views.audit_list, name="audit-list"),
    path("account/", views.profile, name="account-profile"),
    path("account/tokens/", views.create_token, name="token-create"),
    path("account/tokens/<slug:token_key>/revoke/", views.revoke_token, name="token-revoke"),
]
