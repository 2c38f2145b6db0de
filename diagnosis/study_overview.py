"""A study as its page shows it: series with their images, what was answered about each, and what stands apart."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from diagnosis.models import Case, Instance, Prediction, Series, Study
from ml.dicom.outcomes import KEPT

IMAGES_SHOWN = 24
READING_WORDS = {
    Instance.Reading.WAITING: "not yet read",
    Instance.Reading.READ: "read",
    Instance.Reading.NOT_READ: "not read",
}


@dataclass(frozen=True)
class FileTile:
    """One file of a series."""

    instance: Instance
    answer: Prediction | None

    @property
    def label(self) -> str:
        """Side and view where they are known, else its number: "R MLO", "L, image 3"."""
        side, view, number = self.instance.laterality, self.instance.view_position, self.instance.number
        if view:
            return f"{side} {view}".strip()
        words = "Image" if number is None else f"Image {number}"
        return f"{side}, {words.lower()}" if side else words

    @property
    def has_picture(self) -> bool:
        """Whether there is something to see: not of a document, nor of a file held back."""
        return self.instance.frame_set is not None and self.instance.state == Instance.State.READY

    @property
    def frame_count(self) -> int:
        """Frames of a cine loop; 1 of a still image, 0 of a document."""
        return int((self.instance.frame_set or {}).get("frames", 0))

    @property
    def kept_as(self) -> str:
        """What a document is, in words."""
        return KEPT.get(self.instance.kept_as, "Kept with the study; not a picture.")


@dataclass(frozen=True)
class SeriesOverview:
    """One series: its first images, how many more there are, its documents."""

    series: Series
    images: list[FileTile]
    image_count: int
    documents: list[FileTile]
    counted: list[tuple[str, int]]

    @property
    def hidden(self) -> int:
        """Images that are not shown."""
        return self.image_count - len(self.images)


def headline(case: Case | None) -> str:
    """The study's answer in a few words."""
    if case is None:
        return "No images to read"
    if case.answer is None:
        return "Not read" if case.unread_reason else "No answer yet"
    if case.answer.status == Prediction.Status.REFUSED:
        return "Not scored"
    if case.answer.status == Prediction.Status.UNCERTAIN:
        return "Uncertain: benign and malignant both remain possible"
    return f"Reads {case.answer.get_finding_display().lower()}"


def series_of(study: Study, *, shown_whole: str = "") -> list[SeriesOverview]:
    """The study's series; `shown_whole` is the public ID of the one whose images are all shown.

    The study must come from `study_selectors.read_study`, which loads all that is needed.
    """
    return [_overview(series, is_whole=str(series.public_id) == shown_whole) for series in study.series.all()]


def _overview(series: Series, *, is_whole: bool) -> SeriesOverview:
    tiles = [FileTile(instance, next(iter(instance.predictions.all()), None)) for instance in series.instances.all()]
    images = [tile for tile in tiles if tile.instance.kind != Instance.Kind.DOCUMENT]
    return SeriesOverview(
        series=series,
        images=images if is_whole else images[:IMAGES_SHOWN],
        image_count=len(images),
        documents=[tile for tile in tiles if tile.instance.kind == Instance.Kind.DOCUMENT],
        counted=_readings(images).most_common(),
    )


def _readings(tiles: Iterable[FileTile]) -> Counter[str]:
    """How many images came to which answer."""
    return Counter(
        (tile.answer.finding or tile.answer.status)
        if tile.answer
        else READING_WORDS[Instance.Reading(tile.instance.reading)]
        for tile in tiles
        if tile.instance.kind == Instance.Kind.IMAGE
    )
