"""How orders, sets and sources read on their pages."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs.models import Job, JobStatus
from synthesis.architectures import ARCHITECTURES
from synthesis.digits import NOTHING, significant
from synthesis.forms.words import ARCHITECTURE_WORDS, EFFORT_WORDS, STAGE_WORDS, architecture_title
from synthesis.models import SourceDataset, Stage, SyntheticSet
from synthesis.passport_page import as_written_here
from synthesis.passport_page import held_against as figure_and_bound

register = template.Library()

# stage: nhsuk-frontend's colour
STAGE_COLOURS = {
    Stage.MAKING: "blue",
    Stage.BLOCKED: "red",
    Stage.AWAITING_APPROVAL: "orange",
    Stage.PUBLISHING: "blue",
    Stage.PUBLISHED: "green",
    Stage.REJECTED: "red",
    Stage.WITHDRAWN: "grey",
}
# While a set is being made, its job says more, unless it runs.
JOBS = {
    JobStatus.QUEUED: ("Waiting", "grey"),
    JobStatus.SUCCEEDED: ("Made", "green"),
    JobStatus.FAILED: ("Failed", "red"),
    JobStatus.CANCELLED: ("Cancelled", "grey"),
}
# The files that are in every published set.
FILE_WORDS = {
    "checksums.sha256": "SHA-256 of every file",
    "croissant.json": "Description for programs, in Croissant",
    "data-card.md": "Description for people",
    "passport.json": "The passport below, for programs",
}
PUBLISHING_JOBS = {
    JobStatus.FAILED: ("Publishing failed", "red"),
    JobStatus.CANCELLED: ("Publishing cancelled", "grey"),
}
SOURCE_STATES = {
    SourceDataset.Status.DRAFT: ("Not released", "orange"),
    SourceDataset.Status.RELEASED: ("Released", "green"),
    SourceDataset.Status.WITHDRAWN: ("Withdrawn", "grey"),
}


@register.simple_tag
def stage_tag(order: SyntheticSet) -> SafeString:
    """Where an order stands, as a coloured tag; work on it that failed, was cancelled or waits says so."""
    if order.stage == Stage.MAKING and order.job.status != JobStatus.RUNNING:
        return _tag(*JOBS[JobStatus(order.job.status)])
    if order.stage == Stage.PUBLISHING and (job := order.publishing_job) and job.status in PUBLISHING_JOBS:
        return _tag(*PUBLISHING_JOBS[JobStatus(job.status)])
    stage = Stage(order.stage)
    return _tag(STAGE_WORDS[stage], STAGE_COLOURS[stage])


@register.simple_tag
def source_tag(source: SourceDataset) -> SafeString:
    """Whether sets may be made from a source, as a coloured tag."""
    return _tag(*SOURCE_STATES[SourceDataset.Status(source.status)])


def _tag(word: str, colour: str) -> SafeString:
    return format_html('<strong class="nhsuk-tag nhsuk-tag--{}">{}</strong>', colour, word)


@register.filter
def mix(counts: Mapping[str, int] | None) -> str:
    """Records of each class: "500 benign, 250 malignant"."""
    if not counts:
        return NOTHING
    order = ("benign", "malignant", "normal")
    named = sorted(counts.items(), key=lambda item: (order.index(item[0]) if item[0] in order else 3, item[0]))
    return ", ".join(f"{intcomma(count)} {name}" for name, count in named if count)


@register.filter
def records(count: int, kind: str) -> str:
    """So many pictures or rows: "1,200 pictures"."""
    noun = "picture" if kind == "image" else "row"
    return f"{intcomma(count)} {noun}{'' if count == 1 else 's'}"


@register.filter
def duration(seconds: float | None) -> str:
    """A length of time in the unit that people would say: "40 seconds", "12 minutes", "1 h 20 min"."""
    if not isinstance(seconds, int | float):
        return NOTHING
    if seconds < 90:
        whole = max(round(seconds), 1)
        return f"{whole} second{'' if whole == 1 else 's'}"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} minutes"
    return f"{minutes // 60} h {minutes % 60} min"


@register.filter
def share_done(job: Job, step: int = 1) -> str:
    """How much of a job is done: "35%"; rounded down to a multiple of `step`."""
    return f"{100 * job.progress_done // max(job.progress_total, 1) // step * step}%"


@register.filter
def architecture(name: str) -> str:
    """An architecture's name as its own people write it."""
    return architecture_title(name)


@register.filter
def architecture_hint(name: str) -> str:
    """What the architecture does, in a sentence."""
    return ARCHITECTURE_WORDS[name].text if name in ARCHITECTURE_WORDS else ""


@register.filter
def is_derived(name: str) -> bool:
    """Whether the architecture changes a patient's picture rather than drawing a new one."""
    return name in ARCHITECTURES and ARCHITECTURES[name].derives_from_patients


@register.filter
def effort(order: SyntheticSet) -> str:
    """How long it is trained, as on the form: "quick look"."""
    return EFFORT_WORDS[order.effort].title.lower()


@register.filter
def held_against(reason: Mapping[str, Any]) -> str:
    """The figure for which the gate blocked a set, and its bound; empty where the reason is no figure."""
    return figure_and_bound(reason)


@register.filter
def as_written(words: str) -> str:
    """A passport's words with digits and marks as on the rest of the site."""
    return as_written_here(words)


@register.filter
def file_words(name: str) -> str:
    """What a published file is, where its name says so; empty elsewhere."""
    return FILE_WORDS.get(name, "")


@register.filter
def budget(order: SyntheticSet) -> str:
    """The privacy budget in short: "ε = 3, δ = 0.00001", or that there is none."""
    if order.epsilon is None:
        return "No formal guarantee"
    return f"ε = {significant(order.epsilon)}, δ = {significant(order.delta, 2)}"


@register.filter
def unit(kind: str) -> str:
    """What a set of this kind consists of."""
    return "pictures" if kind == "image" else "rows"


@register.filter
def at_key(mapping: Mapping[str, Any] | None, key: str) -> Any:
    """The mapping's value for a key that is itself a variable; nothing where there is none."""
    return (mapping or {}).get(key)
