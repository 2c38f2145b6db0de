"""Changing an institution's rules."""

from typing import Any

from django.db import transaction
from django.forms.models import model_to_dict

from accounts import audit
from accounts.models import AccessRules, Action, User


@transaction.atomic
def change_rules(*, user: User, rules: AccessRules) -> AccessRules:
    """Keeps the rules of the person's institution; the trail says from what to what they changed.

    Raises:
        ValidationError: a number is out of its range, or working hours end before they begin.
    """
    before = AccessRules.objects.filter(institution=user.institution).first()
    rules.institution, rules.changed_by = user.institution, user.email
    rules.full_clean(validate_unique=False)
    rules.save()
    audit.record(
        Action.CHANGE_SETTINGS,
        object_type="access-rules",
        object_id=user.institution.public_id,
        purpose="audit",
        detail={"changed": _changes(before or AccessRules(), rules)},
    )
    return rules


def _changes(before: AccessRules, after: AccessRules) -> dict[str, Any]:
    old, new = (model_to_dict(rules, exclude=["id", "institution", "changed_by"]) for rules in (before, after))
    return {name: {"from": str(old[name]), "to": str(new[name])} for name in new if old[name] != new[name]}
