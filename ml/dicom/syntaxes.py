"""Transfer syntaxes: how a data set is written and its pixels compressed (PS3.5 Annex A, PS3.6 Annex A)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Codec = Literal["native", "rle", "jpeg", "jpeg-ls", "jpeg-2000", "deflated-frames"]


@dataclass(frozen=True)
class TransferSyntax:
    """One transfer syntax.

    `codec` is how pixels are compressed, None where no decoder is at hand; `lossy` tells that it always may lose
    detail.
    """

    uid: str
    name: str
    codec: Codec | None
    implicit_vr: bool = False
    little_endian: bool = True
    deflated: bool = False
    lossy: bool = False

    @property
    def encapsulated(self) -> bool:
        """Whether pixels are cut into fragments."""
        return self.codec != "native"


IMPLICIT_LITTLE: Final = TransferSyntax("1.2.840.10008.1.2", "Implicit VR Little Endian", "native", implicit_vr=True)
EXPLICIT_LITTLE: Final = TransferSyntax("1.2.840.10008.1.2.1", "Explicit VR Little Endian", "native")
EXPLICIT_BIG: Final = TransferSyntax("1.2.840.10008.1.2.2", "Explicit VR Big Endian", "native", little_endian=False)
DEFLATED: Final = TransferSyntax(
    "1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian", "native", deflated=True
)
_JPEG: Final = "1.2.840.10008.1.2.4."

_KNOWN: Final = (
    IMPLICIT_LITTLE,
    EXPLICIT_LITTLE,
    EXPLICIT_BIG,
    DEFLATED,
    TransferSyntax("1.2.840.10008.1.2.1.98", "Encapsulated Uncompressed Explicit VR Little Endian", None),
    TransferSyntax("1.2.840.10008.1.2.5", "RLE Lossless", "rle"),
    TransferSyntax("1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression", "deflated-frames"),
    TransferSyntax(_JPEG + "50", "JPEG Baseline (Process 1)", "jpeg", lossy=True),
    TransferSyntax(_JPEG + "51", "JPEG Extended (Process 2 and 4)", "jpeg", lossy=True),
    TransferSyntax(_JPEG + "53", "JPEG Spectral Selection (Process 6 and 8)", "jpeg", lossy=True),
    TransferSyntax(_JPEG + "55", "JPEG Full Progression (Process 10 and 12)", "jpeg", lossy=True),
    TransferSyntax(_JPEG + "57", "JPEG Lossless (Process 14)", "jpeg"),
    TransferSyntax(_JPEG + "70", "JPEG Lossless (Process 14, first-order prediction)", "jpeg"),
    TransferSyntax(_JPEG + "80", "JPEG-LS Lossless", "jpeg-ls"),
    TransferSyntax(_JPEG + "81", "JPEG-LS Near-Lossless", "jpeg-ls", lossy=True),
    TransferSyntax(_JPEG + "90", "JPEG 2000 Lossless", "jpeg-2000"),
    TransferSyntax(_JPEG + "91", "JPEG 2000", "jpeg-2000"),
    TransferSyntax(_JPEG + "201", "High-Throughput JPEG 2000 Lossless", "jpeg-2000"),
    TransferSyntax(_JPEG + "202", "High-Throughput JPEG 2000 Lossless with RPCL", "jpeg-2000"),
    TransferSyntax(_JPEG + "203", "High-Throughput JPEG 2000", "jpeg-2000"),
    *(
        TransferSyntax(_JPEG + number, name, None, lossy=True)
        for number, name in (
            ("100", "MPEG-2 video, Main Level"),
            ("100.1", "MPEG-2 video, Main Level, in fragments"),
            ("101", "MPEG-2 video, High Level"),
            ("101.1", "MPEG-2 video, High Level, in fragments"),
            ("102", "MPEG-4 video, Level 4.1"),
            ("102.1", "MPEG-4 video, Level 4.1, in fragments"),
            ("103", "MPEG-4 video, Blu-ray compatible"),
            ("103.1", "MPEG-4 video, Blu-ray compatible, in fragments"),
            ("104", "MPEG-4 video, Level 4.2 (2D)"),
            ("104.1", "MPEG-4 video, Level 4.2 (2D), in fragments"),
            ("105", "MPEG-4 video, Level 4.2 (3D)"),
            ("105.1", "MPEG-4 video, Level 4.2 (3D), in fragments"),
            ("106", "MPEG-4 video, stereo"),
            ("106.1", "MPEG-4 video, stereo, in fragments"),
            ("107", "HEVC video, Main Profile"),
            ("108", "HEVC video, Main 10 Profile"),
        )
    ),
    TransferSyntax(_JPEG + "92", "JPEG 2000 Multi-component Lossless", None),
    TransferSyntax(_JPEG + "93", "JPEG 2000 Multi-component", None),
    TransferSyntax(_JPEG + "94", "JPIP Referenced", None),
    TransferSyntax(_JPEG + "95", "JPIP Referenced Deflate", None, deflated=True),
    TransferSyntax(_JPEG + "110", "JPEG XL Lossless", None),
    TransferSyntax(_JPEG + "111", "JPEG XL JPEG Recompression", None),
    TransferSyntax(_JPEG + "112", "JPEG XL", None),
    TransferSyntax(_JPEG + "204", "JPIP HTJ2K Referenced", None),
    TransferSyntax(_JPEG + "205", "JPIP HTJ2K Referenced Deflate", None, deflated=True),
)
TRANSFER_SYNTAXES: Final[Mapping[str, TransferSyntax]] = MappingProxyType({one.uid: one for one in _KNOWN})


def transfer_syntax(uid: str) -> TransferSyntax:
    """The syntax of a UID; of an unknown one it is assumed to be written as Explicit VR Little Endian (PS3.5 A.4)."""
    return TRANSFER_SYNTAXES.get(uid) or TransferSyntax(uid, "", None)
