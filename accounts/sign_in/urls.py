"""allauth's addresses whose views Lobule makes stricter; they stand before allauth's own."""

from django.urls import path

from accounts.sign_in import views

urlpatterns = [
    path("email/", views.email, name="account_email"),
    path("2fa/", views.factors, name="mfa_index"),
    path("2fa/authenticate/", views.second_step, name="mfa_authenticate"),
    path("2fa/webauthn/keys/<int:pk>/remove/", views.remove_passkey, name="mfa_remove_webauthn"),
]
