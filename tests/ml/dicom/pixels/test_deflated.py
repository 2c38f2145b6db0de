"""Deflated data sets, inflated within limits before anything reads them."""

import zlib

import numpy as np
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from ml.dicom.outcomes import Refusal
from ml.dicom.pixels import dataset

PIXELS = np.arange(256, dtype=np.uint16).reshape(16, 16)


@pytest.fixture
def deflated(write, tmp_path):
    """A file whose data set is deflated; `cut` leaves out so much of its end."""

    def made(cut: int = 0):
        data = write(PIXELS, syntax=ExplicitVRLittleEndian).read_bytes()
        length = int.from_bytes(data[140:144], "little")
        meta, body = data[132 : 144 + length], data[144 + length :]
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = packer.compress(body) + packer.flush()
        # the longer UID makes the file meta longer
        plain, other = ExplicitVRLittleEndian.encode() + b"\0", DeflatedExplicitVRLittleEndian.encode()
        at = meta.index(b"\x02\0\x10\0UI")
        swapped = meta[: at + 6] + len(other).to_bytes(2, "little") + other + meta[at + 8 + len(plain) :]
        swapped = swapped[:8] + (length + len(other) - len(plain)).to_bytes(4, "little") + swapped[12:]
        path = tmp_path / "deflated.dcm"
        path.write_bytes(data[:132] + swapped + packed[: len(packed) - cut])
        return path

    return made


def test_a_deflated_file_is_read(deflated, decoded):
    np.testing.assert_array_equal(decoded(deflated()).values[0], PIXELS)


def test_upl_02_what_inflates_to_too_much_is_refused(deflated, decoded, monkeypatch):
    monkeypatch.setattr(dataset, "MAX_INFLATED_BYTES", 700)
    with pytest.raises(Refusal) as refused:
        decoded(deflated())
    assert refused.value.code == "deflated_too_large"


def test_upl_06_what_ends_too_early_is_refused(deflated, decoded):
    with pytest.raises(Refusal) as refused:
        decoded(deflated(cut=20))
    assert refused.value.code == "truncated"


def test_nothing_is_left_of_the_inflated_file(deflated, decoded):
    image = decoded(deflated())
    assert sorted(path.name for path in image.folder.iterdir()) == ["0001.raw", "thumbnail.png"]
