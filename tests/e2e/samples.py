"""Tables of real WDBC measurements in the shapes that people upload."""

import csv
from io import StringIO

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer

from ml.fna.schema import FEATURE_NAMES

FORMULA = '=HYPERLINK("http://evil.example")'
COLUMNS = {name: index for index, name in enumerate(FEATURE_NAMES)}


def rows(count: int) -> NDArray[np.float64]:
    """The first `count` WDBC cases, `(count, 30)`; over again, each a little different, when there are too few."""
    data = load_breast_cancer().data
    repeated = np.tile(data, (count // len(data) + 1, 1))[:count]
    noise = np.random.default_rng(0).normal(1.0, 1e-4, (count, 1))
    return repeated * noise if count > len(data) else repeated


def title_case_csv(count: int) -> bytes:
    """Title Case headers with stray blanks, the diagnosis last, and a sample number that is a formula."""
    bunch = load_breast_cancer()
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(["ID", *(f" {name.replace('_', ' ').title()}  " for name in FEATURE_NAMES), " Diagnosis "])
    for index, values in enumerate(rows(count).tolist()):
        reference = FORMULA if index == 0 else f"E2E-{index:04d}"
        writer.writerow([reference, *values, "MB"[bunch.target[index % len(bunch.target)]]])
    return out.getvalue().encode()


def csv_with(header: list[str], values: list[list[object]]) -> bytes:
    """A plain CSV."""
    out = StringIO()
    csv.writer(out).writerows([header, *values])
    return out.getvalue().encode()
