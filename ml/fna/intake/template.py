"""A table to fill in."""

import csv
from io import StringIO
from typing import Final

from ml.fna.features import FEATURE_NAMES
from ml.fna.intake.table import DIAGNOSIS, SAMPLE_ID

# The first malignant and the first benign case of WDBC (Wolberg, Street and Mangasarian; CC BY 4.0).
_EXAMPLES: Final = """\
example-842302,M,\
17.99,10.38,122.8,1001,0.1184,0.2776,0.3001,0.1471,0.2419,0.07871,\
1.095,0.9053,8.589,153.4,0.006399,0.04904,0.05373,0.01587,0.03003,0.006193,\
25.38,17.33,184.6,2019,0.1622,0.6656,0.7119,0.2654,0.4601,0.1189
example-8510426,B,\
13.54,14.36,87.46,566.3,0.09779,0.08129,0.06664,0.04781,0.1885,0.05766,\
0.2699,0.7886,2.058,23.56,0.008462,0.0146,0.02387,0.01315,0.0198,0.0023,\
15.11,19.26,99.7,711.2,0.144,0.1773,0.239,0.1288,0.2977,0.07259
"""


def template_csv() -> bytes:
    """A CSV table (UTF-8 with a byte order mark, so that Excel reads it rightly): header, two real example
    rows.
    """
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([SAMPLE_ID, DIAGNOSIS, *FEATURE_NAMES])
    writer.writerows(csv.reader(StringIO(_EXAMPLES)))
    return text.getvalue().encode("utf-8-sig")
