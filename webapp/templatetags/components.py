"""Page components that need more than an include: tags, form fields and paging."""

from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import (
    BoundField,
    CheckboxInput,
    CheckboxSelectMultiple,
    FileInput,
    HiddenInput,
    PasswordInput,
    RadioSelect,
    Select,
    Textarea,
)
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

# status: (what people read, nhsuk-frontend's colour)
TAGS = {
    "queued": ("Waiting", "grey"),
    "running": ("Running", "blue"),
    "succeeded": ("Finished", "green"),
    "failed": ("Failed", "red"),
    "cancelled": ("Cancelled", "grey"),
    "scored": ("Scored", "aqua-green"),
    "uncertain": ("Uncertain", "orange"),
    "refused": ("Refused", "purple"),
    "benign": ("Benign", "blue"),
    "malignant": ("Malignant", "pink"),
    "active": ("In use", "green"),
    "not-read": ("Not read", "grey"),
    "stored": ("Stored", "green"),
    "duplicate": ("Already here", "grey"),
    "conflict": ("Contradicts", "orange"),
    "kept": ("Kept", "blue"),
    "quarantined": ("Waiting for review", "orange"),
    "rejected": ("Rejected", "red"),
    "unpacked": ("Unpacked", "green"),
    "receiving": ("Arriving", "grey"),
    "received": ("Being unpacked", "blue"),
}

# widget: (kind of markup in components/field.html, its class)
WIDGETS: tuple[tuple[type, str, str], ...] = (
    (CheckboxSelectMultiple, "checkboxes", "nhsuk-checkboxes__input"),
    (RadioSelect, "radios", "nhsuk-radios__input"),
    (CheckboxInput, "checkbox", "nhsuk-checkboxes__input"),
    (FileInput, "file", "nhsuk-file-upload__input"),
    (PasswordInput, "password", "nhsuk-input nhsuk-password-input__input nhsuk-js-password-input-input"),
    (Select, "input", "nhsuk-select"),
    (Textarea, "input", "nhsuk-textarea"),
)


@register.simple_tag
def status_tag(status: str, text: str = "") -> SafeString:
    """A job's, prediction's or finding's status as a coloured tag; `text` replaces the usual word."""
    word, colour = TAGS.get(status, (str(status).capitalize(), "white"))
    return format_html('<strong class="nhsuk-tag nhsuk-tag--{}">{}</strong>', colour, text or word)


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: dict[str, Any], page: Page[Any], noun: str = "rows") -> dict[str, Any]:
    """Links to a list's other pages, keeping the query; says which of how many `noun` are shown."""
    paginator = page.paginator
    return {
        "request": context.get("request"),
        "page": page,
        "noun": noun,
        "numbers": list(paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)),
        "ellipsis": paginator.ELLIPSIS,
    }


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, hint: str = "", width: str = "", suffix: str = "", label: str = "") -> dict[str, Any]:
    """A form field with label, hint and error.

    `width` is a number of characters (2, 3, 4, 5, 10, 20, 30) or empty for the full width; `suffix` a unit
    shown after the input; `label` and `hint` replace the form's own.
    """
    kind, classes = _markup(bound)
    if width:
        classes += f" nhsuk-input--width-{width}"
    if bound.errors:
        classes += {"input": f" {classes.split()[0]}--error", "password": " nhsuk-input--error"}.get(kind, "")
    return {
        "field": bound,
        "kind": kind,
        "hint": hint or bound.help_text,
        "label": label or bound.label,
        "suffix": suffix,
        "control": bound.as_widget(attrs=_attributes(bound, classes, hint)),
        "is_hidden": isinstance(bound.field.widget, HiddenInput),
    }


def _markup(bound: BoundField) -> tuple[str, str]:
    for widget, kind, classes in WIDGETS:
        if isinstance(bound.field.widget, widget):
            return kind, classes
    return "input", "nhsuk-input"


def _attributes(bound: BoundField, classes: str, hint: str) -> dict[str, Any]:
    # A placeholder vanishes when it is needed: the label and the hint say what belongs here.
    attributes: dict[str, Any] = {"class": classes, "placeholder": False}
    if hint and not bound.help_text:
        # Django names the help text and the errors itself; a hint that only the page gives it cannot know.
        described_by = [f"{bound.auto_id}_helptext", f"{bound.auto_id}_error" if bound.errors else ""]
        attributes["aria-describedby"] = " ".join(filter(None, described_by))
    return attributes
