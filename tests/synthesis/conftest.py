"""The people of the tests of synthesis: who orders, who decides, who looks on."""

from collections.abc import Callable
from functools import partial

import pytest

from accounts.models import Role, User
from synthesis.models import SyntheticSet
from tests.cast import AWAY, MakeUser


@pytest.fixture
def researcher(make_user: MakeUser) -> User:
    """Who orders."""
    return make_user("researcher", Role.RESEARCHER)


@pytest.fixture
def fellow(make_user: MakeUser) -> User:
    """A researcher of the same hospital."""
    return make_user("fellow", Role.RESEARCHER)


@pytest.fixture
def admin(make_user: MakeUser) -> User:
    """Who releases and decides."""
    return make_user("admin", Role.ADMIN)


@pytest.fixture
def second_admin(make_user: MakeUser) -> User:
    """Another administrator of the same hospital."""
    return make_user("second-admin", Role.ADMIN)


@pytest.fixture
def stranger(make_user: MakeUser) -> User:
    """A researcher of another hospital."""
    return make_user("stranger", Role.RESEARCHER, AWAY)


@pytest.fixture
def foreign_admin(make_user: MakeUser) -> User:
    """An administrator of another hospital."""
    return make_user("foreign-admin", Role.ADMIN, AWAY)


@pytest.fixture
def outside(owner: User, auditor: User, stranger: User, foreign_admin: User) -> tuple[User, ...]:
    """Who follows no set's making here: a clinician and an auditor of the hospital, and another hospital's people."""
    return owner, auditor, stranger, foreign_admin


@pytest.fixture
def inside(researcher: User, fellow: User, admin: User, second_admin: User) -> tuple[User, ...]:
    """Who follows the making of the hospital's sets."""
    return researcher, fellow, admin, second_admin


@pytest.fixture
def approved(researcher: User, admin: User) -> Callable[..., SyntheticSet]:
    """Makes a set that was approved and whose job waits; see `store_approved`."""
    from tests.synthesis.publishing import store_approved

    return partial(store_approved, researcher, admin)
