"""How far the reading of a study's images is: counts alone, so pages that wait may ask every few seconds."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q
from django.shortcuts import get_object_or_404

from accounts.models import User
from diagnosis.models import Instance, Study
from diagnosis.services.image_routing import IMAGE_READING
from jobs.models import ACTIVE, Job

JOBS_LOOKED_FOR = 500
WAITING = Instance.Reading.WAITING


@dataclass(frozen=True)
class ReadingProgress:
    """How many of a study's images wait for an answer, and whether a job is there that will give it."""

    images: int
    waiting: int
    is_on: bool

    @property
    def done(self) -> int:
        """How many images are settled: answered, refused or not to be read."""
        return self.images - self.waiting

    @property
    def stamp(self) -> str:
        """Changes whenever there is something new to show."""
        return f"{self.images}-{self.waiting}-{'on' if self.is_on else 'off'}"


def reading_progress(study: Study) -> ReadingProgress:
    """The study's progress, in one query, or three while images wait."""
    images = Instance.objects.filter(series__study=study, kind=Instance.Kind.IMAGE, state=Instance.State.READY)
    counted = images.aggregate(images=Count("pk"), waiting=Count("pk", filter=Q(reading=WAITING)))
    is_on = False
    if counted["waiting"]:
        # The newest images are read last.
        newest = images.filter(reading=WAITING).order_by("-pk").values_list("public_id", flat=True)
        subjects = [str(public_id) for public_id in newest[:JOBS_LOOKED_FOR]]
        is_on = Job.objects.filter(kind=IMAGE_READING, subject_id__in=subjects, status__in=ACTIVE).exists()
    return ReadingProgress(images=counted["images"], waiting=counted["waiting"], is_on=is_on)


def find_study(*, user: User, public_id: UUID) -> Study:
    """One study, to tell how far its reading is; nothing of its patient is told.

    Raises:
        Http404: there is no such study for this person.
    """
    return get_object_or_404(Study.objects.visible_to(user), public_id=public_id)
