"""An institution that has identities removed."""

import pytest

from accounts.models import Role, User
from diagnosis.models import IntakePolicy
from tests.cast import MakeUser


@pytest.fixture
def admin(make_user: MakeUser) -> User:
    return make_user("admin", Role.ADMIN)


@pytest.fixture
def removing(owner: User, admin: User) -> User:
    """The owner, at an institution that has identities removed."""
    IntakePolicy.objects.create(institution=owner.institution, deidentify=True, changed_by=admin)
    return owner
