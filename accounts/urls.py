"""URLs of the accounts app."""

from django.urls import include, path

from accounts.views import home, profile, session_expiry, sessions, single_sign_on, tokens

urlpatterns = [
    path("", home.home, name="home"),
    path("audit/", include("accounts.audit_urls")),
    path("account/", profile.profile, name="account-profile"),
    path("account/session/", session_expiry.session_left, name="session-left"),
    path("account/session/extend/", session_expiry.session_extend, name="session-extend"),
    path("account/sessions/", sessions.session_list, name="session-list"),
    path("account/sessions/end-others/", sessions.end_other_sessions, name="session-end-others"),
    path("account/sessions/<uuid:public_id>/end/", sessions.end_session, name="session-end"),
    path("account/tokens/new/", tokens.create_token, name="token-create"),
    path("account/tokens/<uuid:public_id>/revoke/", tokens.revoke_token, name="token-revoke"),
    path("people/<uuid:public_id>/sessions/", sessions.person_sessions, name="person-sessions"),
    path("people/<uuid:public_id>/sessions/end/", sessions.end_person_sessions, name="person-sessions-end"),
    path("institution/single-sign-on/", single_sign_on.single_sign_on, name="single-sign-on"),
    path("institution/single-sign-on/remove/", single_sign_on.remove_single_sign_on, name="single-sign-on-remove"),
]
