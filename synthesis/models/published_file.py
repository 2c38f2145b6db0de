"""The files of a published set, and who took them."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.text import slugify

from accounts.models import Role
from synthesis.models.synthetic_set import Stage, SyntheticSet


class PublishedFileQuerySet(models.QuerySet["PublishedFile"]):
    """Files of published sets."""

    def visible_to(self, user: Any) -> Self:
        """The files of the sets that are published for this person; none of a set that was withdrawn."""
        sets = SyntheticSet.objects.visible_to(user).filter(stage=Stage.PUBLISHED)
        return self.filter(set__in=sets.values("pk"))


class PublishedFile(models.Model):
    """One object in the `synthetic` storage."""

    class Kind(models.TextChoices):
        ARCHIVE = "archive", "The whole set"
        DATA = "data", "Records or labels"
        PICTURE = "picture", "Picture"
        DICOM = "dicom", "DICOM file"
        DOCUMENT = "document", "What is said about the set"
        THUMBNAIL = "thumbnail", "Thumbnail"

    set = models.ForeignKey(SyntheticSet, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=200, help_text="Path within the package.")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    media_type = models.CharField(max_length=100)
    bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    object_name = models.CharField(max_length=300, help_text="Object in the synthetic storage.")

    objects = PublishedFileQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["set", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["set", "name"], name="published_file_once_per_set"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def saved_as(self) -> str:
        """What a browser calls the file: several sets lie in one folder of downloads, and each has a `set.zip`."""
        of_set = f"{slugify(self.set.title)[:60].strip('-') or 'synthetic-set'}-v{self.set.version}"
        return f"{of_set}.zip" if self.kind == self.Kind.ARCHIVE else f"{of_set}-{self.name.replace('/', '-')}"


class DownloadQuerySet(models.QuerySet["Download"]):
    """Downloads."""

    def visible_to(self, user: Any) -> Self:
        """Administrators see who took their institution's sets, everybody else what they took themselves."""
        if not user.is_authenticated:
            return self.none()
        if user.role == Role.ADMIN:
            return self.filter(set__institution=user.institution_id)
        return self.filter(person=user.pk)


class Download(models.Model):
    """Somebody was given a link to a file. It outlives the file, which goes when the set is withdrawn."""

    set = models.ForeignKey(SyntheticSet, on_delete=models.PROTECT, related_name="downloads")
    file = models.ForeignKey(PublishedFile, null=True, on_delete=models.SET_NULL, related_name="downloads")
    name = models.CharField(max_length=200, help_text="The file's name at the time.")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects = DownloadQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        indexes: ClassVar = [models.Index(fields=["set", "-at"], name="download_set_newest")]

    def __str__(self) -> str:
        return f"{self.name}, {self.at:%d %b %Y, %H:%M}"
