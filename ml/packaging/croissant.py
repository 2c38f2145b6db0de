"""The set's description for machines: Croissant 1.1 (MLCommons) with its responsible-AI vocabulary (RAI 1.0).

Written as plain JSON-LD, since the `mlcroissant` package, which the tests validate it with, takes seconds to import.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from ml.fna.schema import FEATURES
from ml.packaging.card import citation, limits
from ml.packaging.description import SetDescription
from ml.packaging.manifest import LABELS, TABLE, media_type
from ml.packaging.sinks import StoredFile
from ml.packaging.tables import DIAGNOSIS, LABEL_COLUMNS

Json = dict[str, Any]

# The specification's own context, word for word (version 1.1, appendix 1), and RAI's prefix.
_CONTEXT: Final[Json] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "annotation": "cr:annotation",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_CONFORMS_TO: Final = ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
_USES: Final = (
    "Research on methods that learn from few pictures or samples, as an addition to real training records.",
    "Teaching, and tests of software that must not see patients' data.",
)


def croissant(description: SetDescription, files: Mapping[str, StoredFile]) -> bytes:
    """The metadata as JSON-LD, for a file that lies beside the others.

    Args:
        description: of the set.
        files: those written so far, by name.
    """
    pictures = LABELS in files
    metadata = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": _CONFORMS_TO,
        "name": description.title,
        "description": f"{description.nature} {description.description}",
        "license": _licence(description.licence),
        "url": description.url,
        "version": description.semantic_version,
        "datePublished": description.date.isoformat(),
        "creator": {"@type": "sc:Organization", "name": description.creator},
        "citeAs": description.citation or citation(description),
        "keywords": ["synthetic data", "breast", "ultrasound" if pictures else "fine-needle aspiration"],
        "isLiveDataset": False,
        **_responsible_ai(description),
        "distribution": _picture_files(files) if pictures else [_file(files[TABLE], "Measurements and diagnosis.")],
        "recordSet": _picture_records() if pictures else [_samples()],
    }
    return (json.dumps(metadata, indent=2, ensure_ascii=False) + "\n").encode()


def _licence(licence: str) -> str:
    return licence if "://" in licence else f"https://spdx.org/licenses/{licence}.html"


def _responsible_ai(description: SetDescription) -> Json:
    privacy = (
        "Each record is derived from a record of a patient: de-identified at best, never anonymous."
        if description.derived_from_patients
        else "No record belongs to a person. What the set might give away of its training records was measured; see "
        "passport.json."
    )
    return {
        "rai:dataCollection": f"Nothing was collected for it. {description.nature} Source of the generator: "
        f"{description.source_words}",
        "rai:dataCollectionType": "Others",
        "rai:dataAnnotationProtocol": "Labels are what the generator was asked for; no physician confirmed them.",
        "rai:dataLimitations": limits(description),
        "rai:dataBiases": "It repeats those of its source: few centres, few devices, the source's mix of cases.",
        "rai:dataUseCases": list(_USES),
        "rai:dataSocialImpact": "It lets people work on breast diagnostics who may not see patients' data. Models "
        "trained on it alone can be wrong in ways that only real records show.",
        "rai:personalSensitiveInformation": [privacy, f"Formal guarantee: {_guarantee(description)}."],
        "rai:dataReleaseMaintenancePlan": "A set is never changed; a newer version replaces it, and a set that turns "
        "out to be harmful is withdrawn. Its page says so.",
    }


def _guarantee(description: SetDescription) -> str:
    return description.read_passport().formal_guarantee


def _file(file: StoredFile, words: str) -> Json:
    return {
        "@type": "cr:FileObject",
        "@id": file.name,
        "name": file.name,
        "description": words,
        "contentUrl": file.name,
        "contentSize": f"{file.bytes} B",
        "encodingFormat": media_type(file.name),
        "sha256": file.sha256,
    }


def _picture_files(files: Mapping[str, StoredFile]) -> list[Json]:
    return [
        _file(files[LABELS], "Number, class and files of each picture."),
        _folder("images", "*.png", "The pictures as PNG, grey, 8 bits, in a folder for each class."),
        _folder("dicom", "*.dcm", "The same pictures as DICOM Secondary Capture, marked as synthetic."),
    ]


def _folder(name: str, pattern: str, words: str) -> Json:
    return {
        "@type": "cr:FileSet",
        "@id": name,
        "name": name,
        "description": words,
        "encodingFormat": media_type(pattern),
        "includes": f"{name}/*/{pattern}",
    }


def _field(records: str, name: str, kind: str, words: str, source: Json) -> Json:
    return {
        "@type": "cr:Field",
        "@id": f"{records}/{name}",
        "name": name,
        "description": words,
        "dataType": kind,
        "source": source,
    }


def _column(records: str, file: str, name: str, kind: str, words: str) -> Json:
    return _field(records, name, kind, words, {"fileObject": {"@id": file}, "extract": {"column": name}})


def _picture_records() -> list[Json]:
    words = ("From 1, in the order of the making.", "What the generator was asked for.", "PNG file.", "DICOM file.")
    kinds = ("sc:Integer", "sc:Text", "sc:Text", "sc:Text")
    columns = [
        _column("labels", LABELS, name, kind, text)
        for name, kind, text in zip(LABEL_COLUMNS, kinds, words, strict=True)
    ]
    path = {"fileSet": {"@id": "images"}, "extract": {"fileProperty": "fullpath"}}
    content = {"fileSet": {"@id": "images"}, "extract": {"fileProperty": "content"}}
    pictures = [
        _field("pictures", "path", "sc:Text", "The PNG file.", path),
        _field(
            "pictures",
            "class",
            "sc:Text",
            "What the generator was asked for: the file's folder.",
            {**path, "transform": {"regex": "images/([^/]+)/"}},
        ),
        _field("pictures", "picture", "sc:ImageObject", "The picture itself.", content),
    ]
    return [
        _records("labels", "A record for each picture.", columns, key="labels/number"),
        _records("pictures", "The pictures with their class.", pictures, key="pictures/path"),
    ]


def _samples() -> Json:
    measured = [
        _column("samples", TABLE, feature.name, "sc:Float", f"{feature.label} ({feature.unit or 'no unit'})")
        for feature in FEATURES
    ]
    diagnosis = _column("samples", TABLE, DIAGNOSIS, "sc:Text", "M malignant, B benign: what was asked for.")
    return _records("samples", "A synthetic aspirate in each row.", [*measured, diagnosis])


def _records(name: str, words: str, fields: list[Json], key: str = "") -> Json:
    known = {"key": {"@id": key}} if key else {}
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "description": words, **known, "field": fields}
