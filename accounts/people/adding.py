"""Making accounts, and from the command line an institution's first one."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import audit
from accounts.errors import DomainError
from accounts.models import Action, Institution, User


@transaction.atomic
def add_user(*, institution_name: str, email: str, full_name: str, role: str, password: str) -> User:
    """Adds a person to an institution, which is made if it is new.

    Raises:
        DomainError: the address is taken, the role unknown, or the password too weak.
    """
    institution, _ = Institution.objects.get_or_create(name=institution_name)
    user = make_account(institution=institution, email=email, full_name=full_name, role=role, password=password)
    audit.record(Action.ADD_USER, object_type="user", object_id=user.public_id, purpose="", detail={"role": role})
    return user


def make_account(*, institution: Institution, email: str, full_name: str, role: str, password: str) -> User:
    """Makes the account; whoever calls records it.

    Raises:
        DomainError: the address is taken, the role unknown, or the password too weak.
    """
    candidate = User(email=email, full_name=full_name, institution=institution, role=role)
    try:
        validate_password(password, candidate)
        return User.objects.create_user(
            email=email, password=password, full_name=full_name, institution=institution, role=role
        )
    except ValidationError as error:
        raise DomainError(" ".join(error.messages), code="invalid_account") from error
