"""Who sees patients' data: the clinicians of the institution it belongs to, and nobody else.

Of restricted records (`Restriction`) even they see nothing, except the few it names and whoever holds a running
emergency access. Each read asks anew.
"""

from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.models import Role
from diagnosis.models.restriction import Records, Restriction

ModelT = TypeVar("ModelT", bound=models.Model)


class ClinicalQuerySet(models.QuerySet[ModelT]):
    """Rows that belong to an institution, directly or through `institution_path`.

    `patient_path` leads to the imaging patient, `case_path` to the FNA case that a row tells of; a row of several
    patients (a batch, an upload) has neither and says itself, in `without`, when it is hidden.
    """

    institution_path = "institution"
    patient_path = ""
    case_path = ""

    def visible_to(self, user: Any) -> Self:
        """The rows that this person may see; none for the anonymous and for other roles."""
        if not user.is_authenticated or user.role != Role.CLINICIAN:
            return self.none()
        rows = self.filter(**{self.institution_path: user.institution_id})
        return rows.without(Restriction.objects.hidden_from(user).records(), user)

    def without(self, hidden: Records, user: Any) -> Self:
        """The rows that tell nothing of the hidden records."""
        rows = self
        if self.patient_path:
            rows = rows.exclude(**{f"{self.patient_path}__in": hidden.patients})
        if self.case_path:
            rows = rows.exclude(**{f"{self.case_path}__in": hidden.cases})
        return rows


class CollectionQuerySet(ClinicalQuerySet[ModelT]):
    """Rows that hold several patients' data, and were sent by one person.

    They are hidden when all that is known of their patients is hidden. Whoever sent them goes on seeing them: it tells
    nothing that this person did not send.
    """

    def without(self, hidden: Records, user: Any) -> Self:
        """The rows that this person sent, that hold no hidden record, or that hold others as well."""
        concealed = self.parts().filter(self.is_hidden(hidden))
        others = self.parts().filter(~self.is_hidden(hidden))
        return self.filter(Q(created_by=user.pk) | ~Exists(concealed) | Exists(others))

    def parts(self) -> "models.QuerySet[Any]":
        """What belongs to the outer row, of known patients."""
        raise NotImplementedError

    def is_hidden(self, hidden: Records) -> Q:
        """Which of the parts are hidden."""
        raise NotImplementedError


def belonging_to(model: type[models.Model], field: str, **conditions: Any) -> "models.QuerySet[Any]":
    """The rows of a model whose `field` is the row of the query around it."""
    return model._default_manager.filter(**{field: OuterRef("pk")}, **conditions)  # noqa: SLF001 Django's own name
