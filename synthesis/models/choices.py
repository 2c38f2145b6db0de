"""The choices that several of the app's tables share."""

from django.db import models


class Kind(models.TextChoices):
    """What a data set is made of."""

    FNA = "fna", "FNA measurements"
    IMAGE = "image", "Images"


class Effort(models.TextChoices):
    """How long a generator is trained."""

    QUICK = "quick", "Quick"
    STANDARD = "standard", "Standard"
    THOROUGH = "thorough", "Thorough"
