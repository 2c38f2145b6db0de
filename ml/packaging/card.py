"""The data card: what a set is, how it was made, what was found about it and what it is not for, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from ml.packaging.description import SetDescription
from ml.packaging.manifest import ARCHIVE, CROISSANT, LABELS, PASSPORT, TABLE
from ml.packaging.sinks import StoredFile
from ml.release.passport import Figure, Passport

NOT_FOR_DIAGNOSIS: Final = (
    "Not for diagnosis, and no evidence about any person: it is for research, teaching and software tests."
)
DERIVED_WARNING: Final = (
    "Every record is derived from a record of a patient. Treat the set as personal data that were de-identified at "
    "best: what the consent or the law says about the source applies to it as well."
)
LIMITS: Final = (
    "It repeats the source's biases, such as its one centre, its devices and its mix of cases, and may add its own.",
    "Rare findings are rarer still in it, and what the generator never learnt is missing.",
    "The labels are what the generator was asked for. No physician confirmed them.",
    "A model that was trained on it must be tested on real records before anybody relies on it.",
    "Do not try to find out who stood behind the source, and do not mix the set with patients' records.",
)
_BETTER: Final = {"higher": "higher is better", "lower": "lower is better", "half": "0.5 is ideal"}
_PARTS: Final = (
    ("quality", "How alike it is to the real records"),
    ("utility", "What it is good for"),
    ("privacy", "What it gives away of the training records"),
)


def data_card(description: SetDescription, files: Mapping[str, StoredFile]) -> bytes:
    """The card in Markdown.

    Args:
        description: of the set.
        files: those written so far, by name.
    """
    passport = description.read_passport()
    sections = (
        _head(description),
        _content(description, files),
        _making(description, passport),
        _found(passport),
        ["## Limits", "", *_bullets(limits(description)), ""],
        _terms(description, passport),
    )
    return "\n".join(line for section in sections for line in section).encode()


def limits(description: SetDescription) -> list[str]:
    """What the set is not for, sentence by sentence."""
    first = [NOT_FOR_DIAGNOSIS]
    return [*first, DERIVED_WARNING, *LIMITS] if description.derived_from_patients else [*first, *LIMITS]


def _head(description: SetDescription) -> list[str]:
    return [
        f"# {description.title}",
        "",
        f"**{description.nature} {NOT_FOR_DIAGNOSIS}**",
        "",
        description.description,
        "",
        (
            f"Version {description.version}, released {description.date.isoformat()} by {description.creator}. "
            f"Its page: {description.url}"
        ),
        "",
    ]


def _content(description: SetDescription, files: Mapping[str, StoredFile]) -> list[str]:
    counts = ", ".join(f"{description.counts.get(name, 0):,} {name}" for name in description.classes)
    things = "pictures" if description.kind == "image" else "rows"
    lines = ["## What is in it", "", f"{description.total:,} {things}: {counts}.", ""]
    if LABELS in files:
        mark = "The word SYNTHETIC stands in each picture." if description.visible_mark else "No mark is visible."
        lines += _bullets(
            (
                "`images/CLASS/NUMBER.png`: grey, 8 bits; a text chunk says that the picture is synthetic. " + mark,
                (
                    "`dicom/CLASS/NUMBER.dcm`: the same picture as DICOM Secondary Capture, with Synthetic Data "
                    "(0008,001C) = YES and Conversion Type SYN. Each has an identity of its own; none is a patient's."
                ),
                f"`{LABELS}`: number, class and files of each picture.",
            )
        )
    else:
        lines += _bullets((f"`{TABLE}`: thirty measurements of a fine-needle aspirate and the diagnosis, M or B.",))
    lines += _bullets(
        (
            (
                f"`{PASSPORT}`: every figure below, for machines. `{CROISSANT}`: the set in Croissant 1.1, with its "
                "responsible-AI vocabulary."
            ),
            f"`checksums.sha256`: `sha256sum --check checksums.sha256` verifies an unpacked `{ARCHIVE}`.",
        )
    )
    return [*lines, ""]


def _making(description: SetDescription, passport: Passport) -> list[str]:
    provenance = passport.provenance
    facts = {
        "Source": description.source_words,
        "Source's SHA-256": provenance.source_sha256,
        "Generator": provenance.architecture,
        "Generator's SHA-256": provenance.weights_sha256,
        "Seeds": ", ".join(f"{purpose} {seed}" for purpose, seed in sorted(provenance.seeds.items())),
        "Feature extractor of the figures": " ".join((provenance.extractor or {}).values()),
        "Records": ", ".join(f"{part} {count:,}" for part, count in passport.sizes.items()),
        "Formal privacy guarantee": passport.formal_guarantee,
        "Consent": provenance.consent,
    }
    return ["## How it was made", "", *_bullets(f"{name}: {value}" for name, value in facts.items() if value), ""]


def _found(passport: Passport) -> list[str]:
    lines = ["## What was found about it", ""]
    for part, heading in _PARTS:
        figures: Mapping[str, Figure] = getattr(passport, part)
        if figures:
            lines += [f"### {heading}", "", "| figure | value | interval | |", "|---|---|---|---|"]
            lines += [_row(name, figure) for name, figure in figures.items()]
            lines.append("")
    if passport.notes:
        lines += ["### What was not measured", "", *_bullets(passport.notes), ""]
    return lines


def _row(name: str, figure: Figure) -> str:
    interval = "" if figure.low is None or figure.high is None else f"{figure.low:.4g} to {figure.high:.4g}"
    words = f"{figure.words} ({_BETTER[figure.better]})"
    if figure.compared_with:
        words += f"; compared with {figure.compared_with}"
    return f"| {_cell(name)} | {figure.value:.4g} | {interval} | {_cell(words)} |"


def _terms(description: SetDescription, passport: Passport) -> list[str]:
    software = ", ".join(f"{name} {version}" for name, version in sorted(passport.provenance.software.items()))
    return [
        "## Licence, citation, versions",
        "",
        f"Licence: {description.licence}.",
        "",
        f"Cite as: {description.citation or citation(description)}",
        "",
        f"Set {description.identifier}, version {description.version}."
        + (f" Made with {software}." if software else ""),
        "",
    ]


def citation(description: SetDescription) -> str:
    """How to cite a set that says nothing about it itself."""
    return (
        f"{description.creator} ({description.date.year}). {description.title}, version {description.version}. "
        f"Synthetic data set. {description.url}"
    )


def _bullets(lines: Iterable[str]) -> list[str]:
    return [f"- {line}" for line in lines]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
