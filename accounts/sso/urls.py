"""URLs of single sign-on, without allauth's pages for linking and signing up: an administrator makes accounts."""

from allauth.socialaccount.views import login_cancelled, login_error
from django.urls import path

from accounts.sso import views

urlpatterns = [
    path("", views.choose, name="sso-choose"),
    path("cancelled/", login_cancelled, name="socialaccount_login_cancelled"),
    path("error/", login_error, name="socialaccount_login_error"),
    path("<slug:provider_id>/", views.login, name="sso-login"),
    path("<slug:provider_id>/callback/", views.callback, name="sso-callback"),
]
