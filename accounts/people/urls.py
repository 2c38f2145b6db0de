"""URLs about people, invitations and emergency access."""

from django.urls import path

from accounts.views import emergency, invitations, people

urlpatterns = [
    path("people/", people.people, name="people"),
    path("people/<uuid:public_id>/", people.detail, name="person-detail"),
    path("people/<uuid:public_id>/role/", people.role, name="person-role"),
    path("people/<uuid:public_id>/deactivate/", people.deactivate, name="person-deactivate"),
    path("people/<uuid:public_id>/reactivate/", people.reactivate, name="person-reactivate"),
    path(
        "people/<uuid:public_id>/reset-second-factor/",
        people.reset_second_factor,
        name="person-reset-second-factor",
    ),
    path("people/invitations/", invitations.invitation_list, name="invitation-list"),
    path("people/invitations/new/", invitations.invite, name="invitation-new"),
    path("people/invitations/<uuid:public_id>/resend/", invitations.resend, name="invitation-resend"),
    path("people/invitations/<uuid:public_id>/withdraw/", invitations.withdraw, name="invitation-withdraw"),
    path("invitation/", invitations.accept, name="invitation-accept"),
    path("invitation/<slug:secret>/", invitations.open_link, name="invitation-open"),
    path("emergency/", emergency.emergency_access, name="emergency-access"),
    path("emergency/<uuid:public_id>/end/", emergency.end, name="emergency-end"),
    path("audit/emergencies/", emergency.emergency_list, name="emergency-list"),
    path("audit/emergencies/<uuid:public_id>/", emergency.emergency_detail, name="emergency-detail"),
]
