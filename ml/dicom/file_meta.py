"""The beginning of a DICOM file: preamble and file meta information (PS3.10 section 7)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final

from ml.dicom.content import is_vr
from ml.dicom.elements import Buffer
from ml.dicom.outcomes import Refusal, Remark
from ml.dicom.syntaxes import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, TransferSyntax, transfer_syntax

PREAMBLE: Final = 128
_SOP_CLASS: Final = 0x0002_0002
_SOP_INSTANCE: Final = 0x0002_0003
_TRANSFER_SYNTAX: Final = 0x0002_0010
_MAX_ELEMENTS: Final = 100
_MAX_UID: Final = 128
_LONG: Final = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
_head = struct.Struct("<HH2sH").unpack_from
_length = struct.Struct("<L").unpack_from


@dataclass(frozen=True)
class FileMeta:
    """What precedes the data set, which begins at `start`."""

    syntax: TransferSyntax
    start: int
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    remarks: tuple[Remark, ...] = field(default=())


def read_file_meta(buffer: Buffer, *, bare: bool) -> FileMeta:
    """Read the file meta information; without any (`bare`, or left out) the encoding is told from the data set.

    Raises:
        Refusal: damaged_header, truncated.
    """
    remarks: list[Remark] = []
    uids: dict[int, str] = {}
    start = _uids(buffer, 0 if bare else PREAMBLE + 4, uids)
    if bare:
        remarks.append(Remark.of("recovered_without_meta"))
    elif any(buffer[:PREAMBLE]):
        remarks.append(Remark.of("preamble_zeroed"))
    stated = uids.get(_TRANSFER_SYNTAX, "")
    syntax = transfer_syntax(stated) if stated else None
    if syntax is None:
        syntax = _guess(buffer, start)
        if not bare:
            remarks.append(Remark.of("transfer_syntax_guessed"))
    elif not syntax.deflated and start + 8 <= len(buffer):
        syntax = _corrected(buffer, start, syntax, remarks)
    return FileMeta(syntax, start, uids.get(_SOP_CLASS, ""), uids.get(_SOP_INSTANCE, ""), tuple(remarks))


def _uids(buffer: Buffer, position: int, uids: dict[int, str]) -> int:
    """Collect the wanted elements of group 0002; returns where the data set begins."""
    for _ in range(_MAX_ELEMENTS):
        if len(buffer) - position < 8:
            if any(buffer[position:]):
                raise Refusal("truncated", "The file ends within its DICOM file header. Send it again.")
            return len(buffer)
        group, element, vr, length = _head(buffer, position)
        if group != 0x0002:
            return position
        tag, position = group << 16 | element, position + 8
        if not is_vr(vr):
            length = _length(buffer, position - 4)[0]
        elif vr in _LONG:
            length = _length(buffer, position)[0] if len(buffer) - position >= 4 else len(buffer)
            position += 4
        if tag in (_SOP_CLASS, _SOP_INSTANCE, _TRANSFER_SYNTAX):
            uids[tag] = bytes(buffer[position : position + min(length, _MAX_UID)]).decode("latin-1").strip(" \0")
        position += length
    raise Refusal("damaged_header", "The DICOM file header never ends. Export the image again.")


def _guess(buffer: Buffer, start: int) -> TransferSyntax:
    """The encoding of a data set that begins at `start`, told by its first element."""
    first = bytes(buffer[start : start + 6])
    if not is_vr(first[4:6]):
        return IMPLICIT_LITTLE
    # Groups are small numbers: the byte that is zero tells the order.
    return EXPLICIT_BIG if first[0] == 0 and first[1] != 0 else EXPLICIT_LITTLE


def _corrected(buffer: Buffer, start: int, syntax: TransferSyntax, remarks: list[Remark]) -> TransferSyntax:
    """The stated syntax, unless the first element shows that it is written with or without VRs nevertheless."""
    vr = bytes(buffer[start + 4 : start + 6])
    implicit = not (0x40 < vr[0] < 0x5B and 0x40 < vr[1] < 0x5B)
    if implicit == syntax.implicit_vr:
        return syntax
    remarks.append(Remark.of("transfer_syntax_corrected"))
    return TransferSyntax(
        syntax.uid,
        syntax.name,
        syntax.codec,
        implicit_vr=implicit,
        little_endian=syntax.little_endian,
        lossy=syntax.lossy,
    )
