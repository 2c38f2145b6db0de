"""What can be wrong with a file, as stable codes; a refusal says what was found, what was expected, how to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        # the file as a whole
        "empty_file": "The file is empty.",
        "too_large": "The file is larger than can be taken in.",
        "unreadable": "The file could not be read from the disk.",
        "not_an_image_file": "The file is neither DICOM nor a PNG, JPEG or TIFF picture.",
        "not_dicom": "The file is not DICOM, or too damaged to be recognised.",
        "encrypted": "The file is encrypted or protected by a password.",
        "modality_not_stated": "A PNG, JPEG or TIFF picture needs its modality stated.",
        "picture_damaged": "The picture's header is damaged.",
        "picture_too_large": "The picture has more pixels than can be taken in.",
        # the structure of a DICOM file
        "damaged_header": "The DICOM header is damaged.",
        "truncated": "The file ends before its content is complete.",
        "unsupported_transfer_syntax": "The file's encoding (transfer syntax) can't be decoded here.",
        "deflated_too_large": "The compressed content would unpack to more than can be taken in.",
        "too_deep": "Sequences are nested deeper than any real file needs.",
        "too_many_elements": "The header holds more elements than any real file needs.",
        "too_many_fragments": "The pixel data are cut into more fragments than any real file needs.",
        "element_too_long": "An element declares more bytes than the file holds.",
        "missing_identifiers": "The study, series or image UID is missing or not valid.",
        # the description of the pixels
        "missing_pixel_description": "The attributes that describe the pixels are missing or contradict each other.",
        "too_many_pixels": "The image has more pixels than can be taken in.",
        "too_many_frames": "The image has more frames than can be taken in.",
        "pixel_length_mismatch": "The pixel data are not as long as the header says.",
        "codestream_mismatch": "The compressed picture's own size is not the one in the header.",
        "missing_pixel_data": "The file says that it is an image, but holds no pixels.",
        # decoding
        "decode_failed": "The pixels could not be decoded.",
        "decode_out_of_memory": "Decoding the pixels needed too much memory and was stopped.",
        # de-identification
        "not_deidentifiable": "Identities can't be removed from the file, so nothing of it is kept.",
        # archives
        "archive_damaged": "The archive is damaged.",
        "archive_bomb": "The archive would unpack to more than can be taken in.",
        "archive_too_many": "The archive holds more files than can be taken in.",
        "archive_path": "The archive holds a file whose name points outside the archive.",
        "archive_link": "The archive holds a link instead of a file.",
        "archive_nested": "The archive holds another archive.",
        "archive_encrypted": "The archive is protected by a password.",
        "archive_method": "The archive is compressed by a method that can't be read here.",
    }
)
"""Every code a refusal can carry, with the sentence that describes it in general."""

KEPT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "structured_report": "A structured report: kept with the study, not a picture.",
        "encapsulated_document": "A document (such as a PDF): kept with the study, not a picture.",
        "radiotherapy": "A radiotherapy object: kept with the study, not a picture.",
        "presentation_state": "A presentation state or key object selection: kept with the study, not a picture.",
        "waveform": "A waveform (such as an ECG): kept with the study, not a picture.",
        "derived_object": "Made from other images (a segmentation, dose or parametric map): kept, never scored.",
        "directory": "A DICOMDIR: the list of files of a disc, not a picture.",
        "no_pixels": "A DICOM object without pixels: kept with the study, not a picture.",
        "other_object": "Not a picture of a patient: kept with the study.",
    }
)
"""Every code of a file that is kept although it is no image, with the sentence that describes it."""

WARNINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "preamble_zeroed": "The 128 bytes before the DICOM header, needed by no image, were in use; stored as zeros.",
        "recovered_without_meta": "The file lacks the DICOM file header; its encoding was worked out from the content.",
        "transfer_syntax_guessed": "The file does not name its encoding; it was worked out from the content.",
        "transfer_syntax_corrected": "The file names another encoding than the one it is written in.",
        "excess_padding": "A few bytes more than needed follow the pixels; they are not read.",
        "character_set_unknown": "The character set is missing or unknown; names may show replacement characters.",
        "invalid_value": "A value breaks the rules of its type; it is shown as it stands.",
        "identifiers_derived": "The file names no study or series; it is filed as a study of its own.",
        "invalid_uid": "A UID breaks DICOM's rules; it is used as it stands.",
        "value_shortened": "A text is longer than DICOM allows; only its beginning is shown.",
        "trailing_bytes": "Bytes follow the last element; they are not read.",
        "unclosed_sequence": "The last sequence is not closed; what it holds was read.",
        "not_shown": "The object is kept, but its pixels can not be shown.",
        "extension_misleading": "The file's name suggests another kind of file than its content is.",
    }
)
"""Every code of a remark on a file that is taken in all the same."""


@dataclass(frozen=True)
class Remark:
    """Something a person should know about a file that is taken in all the same."""

    code: str
    message: str

    @classmethod
    def of(cls, code: str, message: str = "") -> Remark:
        """The remark of one of the WARNINGS, in its general words unless better ones are given."""
        return cls(code, message or WARNINGS[code])


class Refusal(Exception):
    """A file that is refused.

    Attributes:
        code: stable, one of CODES.
        message: plain words for the person who sent the file: what is wrong, what was expected, how to mend it.
            Never quotes what the file says of a patient.
        detail: figures behind the message, JSON types, free of patients' data.
    """

    def __init__(self, code: str, message: str = "", **detail: Any) -> None:
        if code not in CODES:
            raise ValueError(f"{code!r} is no code of a refusal")
        self.code = code
        self.message = message or CODES[code]
        self.detail: dict[str, Any] = detail
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.code, self.message, self.detail)


def _rebuild(code: str, message: str, detail: dict[str, Any]) -> Refusal:
    return Refusal(code, message, **detail)
