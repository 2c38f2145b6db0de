"""Real files that hold the same picture in different encodings must come out the same."""

import numpy as np
import pytest

EQUAL = [
    (
        "MR_small.dcm",
        [
            "MR_small_RLE.dcm",
            "MR_small_bigendian.dcm",
            "MR_small_expb.dcm",
            "MR_small_implicit.dcm",
            "MR_small_jp2klossless.dcm",
            "MR_small_jpeg_ls_lossless.dcm",
            "MR_small_padded.dcm",
        ],
    ),
    (
        "emri_small.dcm",
        [
            "emri_small_RLE.dcm",
            "emri_small_big_endian.dcm",
            "emri_small_jpeg_2k_lossless.dcm",
            "emri_small_jpeg_ls_lossless.dcm",
        ],
    ),
    ("liver.dcm", ["liver_expb.dcm", "liver_rle.dcm", "liver_j2k.dcm", "liver_deflate.dcm"]),
    (
        "liver_nonbyte_aligned.dcm",
        ["liver_nonbyte_aligned_rle.dcm", "liver_nonbyte_aligned_j2k.dcm", "liver_nonbyte_aligned_deflate.dcm"],
    ),
    (
        "SC_rgb.dcm",
        [
            "SC_rgb_expb.dcm",
            "SC_rgb_16bit.dcm",
            "SC_rgb_32bit.dcm",
            "SC_rgb_expb_32bit.dcm",
            "SC_rgb_rle.dcm",
            "SC_rgb_rle_16bit.dcm",
            "SC_rgb_rle_32bit.dcm",
            "SC_rgb_jpeg_gdcm.dcm",
        ],
    ),
    ("SC_rgb_2frame.dcm", ["SC_rgb_rle_2frame.dcm", "SC_rgb_expb_16bit_2frame.dcm"]),
    ("SC_rgb_small_odd.dcm", ["SC_rgb_small_odd_big_endian.dcm"]),
    ("SC_rgb_jpeg_dcmd.dcm", ["SC_rgb_jpeg.dcm", "SC_jpeg_no_color_transform.dcm"]),
    ("SC_rgb_jpeg_app14_dcmd.dcm", ["SC_jpeg_no_color_transform_2.dcm"]),
    ("US1_UNCR.dcm", ["US1_J2KR.dcm"]),
    ("693_UNCR.dcm", ["693_J2KR.dcm"]),
    ("693_UNCI.dcm", ["693_J2KI.dcm"]),
    ("JPEG2000_UNC.dcm", ["JPEG2000.dcm"]),
    ("JPGExtended.dcm", ["JPEG-lossy.dcm"]),
    ("RG3_J2KR.dcm", ["RG3_JLSL.dcm", "RG3_JPLL.dcm"]),
    ("rtdose.dcm", ["rtdose_expb.dcm", "rtdose_rle.dcm"]),
    ("OBXXXX1A.dcm", ["OBXXXX1A_expb.dcm", "OBXXXX1A_rle.dcm"]),
    ("OBXXXX1A_2frame.dcm", ["OBXXXX1A_expb_2frame.dcm", "OBXXXX1A_rle_2frame.dcm"]),
    ("gdcm-US-ALOKA-16.dcm", ["gdcm-US-ALOKA-16_big.dcm"]),
    ("color-px.dcm", ["color-pl.dcm"]),
    ("JLSL_RGB_ILV0.dcm", ["JLSL_RGB_ILV1.dcm", "JLSL_RGB_ILV2.dcm"]),
]
NEAR = [
    ("SC_rgb.dcm", "SC_rgb_gdcm_KY.dcm", 4.0),
    ("SC_rgb.dcm", "SC_ybr_full_uncompressed.dcm", 1.0),
    ("SC_rgb_dcmtk_ebcr_dcmd.dcm", "SC_rgb_dcmtk_+eb+cr.dcm", 1.0),
    ("SC_rgb_dcmtk_ebcyn1_dcmd.dcm", "SC_rgb_dcmtk_+eb+cy+n1.dcm", 1.0),
    ("SC_rgb_dcmtk_ebcyn2_dcmd.dcm", "SC_rgb_dcmtk_+eb+cy+n2.dcm", 1.0),
    ("SC_rgb_dcmtk_ebcynp_dcmd.dcm", "SC_rgb_dcmtk_+eb+cy+np.dcm", 1.0),
    ("SC_rgb_dcmtk_ebcys2_dcmd.dcm", "SC_rgb_dcmtk_+eb+cy+s2.dcm", 1.0),
    ("SC_rgb_dcmtk_ebcys4_dcmd.dcm", "SC_rgb_dcmtk_+eb+cy+s4.dcm", 1.0),
    ("US1_UNCI.dcm", "US1_J2KI.dcm", 1.0),
    ("JLSL_RGB_ILV0.dcm", "JLSN_RGB_ILV0.dcm", 3.0),
    ("RG3_J2KR.dcm", "RG3_JLSN.dcm", 10.0),
    ("HTJ2KLossless_08_RGB.dcm", "HTJ2K_08_RGB.dcm", 20.0),
]
"""The same picture after lossy compression: the mean difference of grey levels that it may make."""


@pytest.mark.parametrize(("name", "others"), EQUAL, ids=[name for name, _ in EQUAL])
def test_lossless_forms_are_equal(real, name, others):
    expected = real(name)
    assert np.ptp(expected.values[0]) > 0
    for other in others:
        found = real(other)
        assert found.set.dtype == expected.set.dtype, other
        np.testing.assert_array_equal(found.values, expected.values, err_msg=other)


@pytest.mark.parametrize(("name", "other", "difference"), NEAR)
def test_lossy_forms_are_near(real, name, other, difference):
    expected, found = real(name), real(other)
    assert np.abs(np.subtract(found.values, expected.values, dtype=np.float64)).mean() <= difference


def test_the_mammogram_in_both_lossy_forms(real):
    wavelets, cosines = real("MG1_J2KI.dcm"), real("MG1_JPLY.dcm")
    assert wavelets.values[0].shape == (4664, 3064)
    assert wavelets.set.maximum == 4095
    difference = np.abs(np.subtract(wavelets.values[0], cosines.values[0], dtype=np.float64))
    assert difference.mean() < 40  # of 4,095


def test_a_codestream_that_forgets_the_sign(real):
    # the header says signed, the codestream unsigned: air is -2000, not 6192
    assert real("J2K_pixelrep_mismatch.dcm").set.minimum == -2000


def test_the_sign_of_fifteen_bits_in_jpeg_ls(real):
    assert (real("JLSL_16_15_1_1F.dcm").set.minimum, real("JLSL_16_15_1_1F.dcm").set.maximum) == (-16_384, 16_383)


def test_colours_stay_themselves(real):
    """The bars of the test card: red, pink, green, light green, blue, light blue, black, greys, white."""
    bars = [(255, 0, 0), (255, 128, 128), (0, 255, 0), (128, 255, 128), (0, 0, 255), (128, 128, 255),
            (0, 0, 0), (64, 64, 64), (192, 192, 192), (255, 255, 255)]  # fmt: skip
    for name in ("SC_rgb_rle_32bit.dcm", "SC_rgb_jpeg_dcmtk.dcm", "SC_ybr_full_422_uncompressed.dcm"):
        found = real(name).values[0][5::10, 50]
        np.testing.assert_allclose(found.astype(int), bars, atol=6, err_msg=name)


def test_what_is_not_said_is_not_lost(real):
    """Colour in the codestream's own transform (YBR_RCT), written wrongly once by a known toolkit."""
    picture = real("GDCMJ2K_TextGBR.dcm").values[0]
    assert [tuple(map(int, picture[row][picture[row].std(axis=-1).argmax()])) for row in (60, 160, 270)] == [
        (255, 0, 0),
        (0, 255, 0),
        (0, 0, 255),
    ]
