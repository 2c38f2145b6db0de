"""Uploads of pictures: a ZIP archive of folders named after classes, or with a manifest.

Nothing of the archive is trusted: names are labels, sizes are counted, pixels are decoded in a process apart.
"""

import csv
import io
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ml.dicom.archive import Member, opened
from ml.dicom.outcomes import Refusal
from ml.imaging.data import LABELS, MASK_SUFFIX
from ml.imaging.networks import CLEAR, LESION, MALIGNANT
from ml.imaging.reading import PictureError, read_picture
from synthesis.records.pictures import PictureWriter
from synthesis.records.problems import Problem, UnusableUpload
from synthesis.records.tables import check_counts

MANIFEST = "manifest.csv"
MOST_PICTURES = 3_000
MOST_BYTES = 4 * 2**30  # unpacked
LARGEST_PICTURE = 64 * 2**20
LARGEST_MANIFEST = 4 * 2**20
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff"})
CLASS_NAMES = {LESION: "benign", MALIGNANT: "malignant", CLEAR: "normal"}
_CLASSES_IN_WORDS = "benign, malignant or normal"


class _Entry:
    """What is said of a picture: its class and its patient, in the manifest or by its folder."""

    def __init__(self, label: str, patient: str = "") -> None:
        self.label, self.patient = label, patient


def read_upload(path: Path, into: Path) -> tuple[PictureWriter, list[Problem]]:
    """Writes the usable pictures of the archive at `path` to `into`, as they are kept.

    Returns:
        The writer, which knows how many there are of each class and patient, and what was left out.

    Raises:
        UnusableUpload: it is no such archive, it is too large, or a class has too few pictures.
    """
    problems: list[Problem] = []
    try:
        with PictureWriter(into) as writer, opened(path, total=MOST_BYTES) as members:
            _take_in(list(members), writer, problems)
    except Refusal as refusal:
        raise UnusableUpload(refusal.message) from refusal
    check_counts(writer.counts, problems)
    return writer, problems


def _take_in(members: list[Member], writer: PictureWriter, problems: list[Problem]) -> None:
    root = _root(members)
    manifest = _manifest(members, root)
    pictures = list(_pictures(members, root, manifest, problems))
    if not pictures:
        raise UnusableUpload(
            f"The archive holds no pictures in folders named {_CLASSES_IN_WORDS}, and no {MANIFEST} that lists them "
            "with the columns path, label and patient.",
            problems,
        )
    if len(pictures) > MOST_PICTURES:
        raise UnusableUpload(
            f"The archive holds {len(pictures):,} pictures; a source has at most {MOST_PICTURES:,}. "
            "Send a part of them, or several sources."
        )
    with tempfile.TemporaryDirectory(prefix="lobule-source-") as folder:
        for member, entry in pictures:
            shown = _shown(member)
            try:
                _add(member, entry, writer, Path(folder) / "picture")
            except (Refusal, PictureError) as error:
                problems.append(Problem(shown, error.message if isinstance(error, Refusal) else str(error)))


def _add(member: Member, entry: _Entry, writer: PictureWriter, path: Path) -> None:
    member.save(path, LARGEST_PICTURE)
    try:
        read = read_picture(path)
        if read.format == "dicom":
            raise PictureError("dicom", "DICOM files are not taken here. Export the picture as PNG.")
        writer.add(read.pixels, CLASS_NAMES[LABELS[entry.label]], entry.patient)
    finally:
        path.unlink()


def _root(members: list[Member]) -> tuple[str, ...]:
    """The folder that everything stands in, where people packed a folder instead of what is in it."""
    paths = [tuple(part.lower() for part in _parts(member)) for member in members]
    firsts = {path[0] for path in paths}
    if len(firsts) != 1 or firsts & LABELS.keys():
        return ()
    return paths[0][:1] if any(len(path) > 2 or path[1:] == (MANIFEST,) for path in paths) else ()


def _manifest(members: list[Member], root: tuple[str, ...]) -> dict[str, _Entry] | None:
    """By path below the root, what the manifest says; None where there is none.

    Raises:
        UnusableUpload: it cannot be read, or names a path twice.
    """
    found = [member for member in members if _below(member, root) == (MANIFEST,)]
    if not found:
        return None
    try:
        text = found[0].read(LARGEST_MANIFEST).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnusableUpload(f"{MANIFEST} is no UTF-8 text. Save it as “CSV UTF-8”.") from error
    reader = csv.DictReader(io.StringIO(text))
    try:
        names = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
        rows = list(reader)
    except csv.Error as error:
        raise UnusableUpload(
            f"{MANIFEST} cannot be read beyond line {reader.line_num:,} ({error}). Look there for a quotation mark "
            "without its fellow, and save the file as “CSV UTF-8”."
        ) from error
    if not {"path", "label"} <= names.keys():
        raise UnusableUpload(f"{MANIFEST}: the first line must name the columns path and label, and may name patient.")
    entries: dict[str, _Entry] = {}
    for row in rows:
        cells = {name: (row.get(column) or "").strip() for name, column in names.items()}
        path = "/".join(PurePosixPath(cells["path"].replace("\\", "/")).parts).lower()
        if path in entries:
            raise UnusableUpload(f"{MANIFEST}: {cells['path']} is listed twice. Keep one of the lines.")
        entries[path] = _Entry(cells["label"].lower(), cells.get("patient", ""))
    return entries


def _pictures(
    members: list[Member], root: tuple[str, ...], manifest: dict[str, _Entry] | None, problems: list[Problem]
) -> Iterator[tuple[Member, _Entry]]:
    """The pictures whose class is known; of the others, the problem."""
    strangers: Counter[str] = Counter()
    missing = set(manifest or ())
    for member in members:
        below = _below(member, root)
        name = "/".join(below)
        if below == (MANIFEST,):
            continue
        if PurePosixPath(name).suffix not in SUFFIXES or PurePosixPath(name).stem.endswith(MASK_SUFFIX):
            strangers[PurePosixPath(name).suffix or "no ending"] += 1
            continue
        entry = _Entry(below[0]) if manifest is None else manifest.get(name)
        missing.discard(name)
        if entry is None:
            problems.append(Problem(_shown(member), f"{MANIFEST} does not list it. Add a line for it."))
        elif entry.label not in LABELS:
            problems.append(
                Problem(_shown(member), f"Its class “{entry.label[:40]}” is unknown: use {_CLASSES_IN_WORDS}.")
            )
        else:
            yield member, entry
    problems += [Problem(name, f"{MANIFEST} lists it, but the archive does not hold it.") for name in sorted(missing)]
    problems += [
        Problem("", f"{number:,} files were left out that are no pictures to learn from ({ending}).")
        for ending, number in sorted(strangers.items())
    ]


def _parts(member: Member) -> tuple[str, ...]:
    return PurePosixPath(member.name.replace("\\", "/")).parts or ("",)


def _below(member: Member, root: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.lower() for part in _parts(member)[len(root) :])


def _shown(member: Member) -> str:
    return "".join(letter if letter.isprintable() else "�" for letter in member.name)[:200]
