"""Who sees patients' data: the clinicians of the institution it belongs to, and nobody else."""

from typing import Any, Self, TypeVar

from django.db import models

from accounts.models import Role

ModelT = TypeVar("ModelT", bound=models.Model)


class ClinicalQuerySet(models.QuerySet[ModelT]):
    """Rows that belong to an institution, directly or through `institution_path`."""

    institution_path = "institution"

    def visible_to(self, user: Any) -> Self:
        """The rows that this person may see; none for the anonymous and for other roles."""
        if not user.is_authenticated or user.role != Role.CLINICIAN:
            return self.none()
        return self.filter(**{self.institution_path: user.institution_id})
