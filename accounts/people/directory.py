"""Who works at an institution, as its administrators see it."""

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import Role, User
from accounts.sign_in.second_factor import KINDS


def people_of(admin: User) -> QuerySet[User]:
    """The people of an administrator's institution, by name; `has_second_factor` tells whether one is set up."""
    if not admin.is_active or admin.role != Role.ADMIN:
        return User.objects.none()
    factors = Authenticator.objects.filter(user=OuterRef("pk"), type__in=KINDS)
    people = User.objects.filter(institution=admin.institution_id).select_related("institution")
    return people.annotate(has_second_factor=Exists(factors)).order_by("full_name", "email")
