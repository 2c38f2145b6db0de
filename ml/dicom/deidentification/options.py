"""What an institution may choose; each choice is declared in the file (PS3.16 CID 7050)."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Options:
    """`dates`: moved by the same number of days in all of a patient's images, times of day kept; or removed.
    `characteristics`: sex, age (90 at most), size and weight stay.
    """

    dates: Literal["shifted", "removed"] = "shifted"
    characteristics: bool = False
