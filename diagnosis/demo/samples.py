"""The demo's FNA samples: public ones, and three that were spoilt on purpose."""

import csv
import io
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer

from ml.fna.schema import FEATURE_NAMES, LABELS

SHOWN = 40
SEED = 7


def demo_table() -> bytes:
    """A CSV of 40 public WDBC samples, and of three spoilt copies that the model ought to refuse."""
    bunch = load_breast_cancer()
    # scikit-learn codes malignant as 0.
    outcomes = 1 - bunch.target
    chosen = np.random.default_rng(SEED).permutation(len(outcomes))[:SHOWN]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["sample_id", "diagnosis", *FEATURE_NAMES])
    for number, index in enumerate(chosen, start=1):
        writer.writerow([f"NG-{number:04d}", LABELS[outcomes[index]], *bunch.data[index].tolist()])
    for number, values in enumerate(_spoilt(bunch.data[chosen[:3]]), start=1):
        writer.writerow([f"NG-SPOILT-{number}", "", *values.tolist()])
    return out.getvalue().encode()


def _spoilt(rows: Any) -> list[Any]:
    """Three ways in which a row goes wrong: a slipped decimal point, exchanged columns, values of another sample."""
    slipped, exchanged, mixed = (row.copy() for row in rows)
    slipped[_columns("texture_mean")] *= 3
    exchanged[_columns("smoothness_mean", "symmetry_mean")] = exchanged[_columns("symmetry_mean", "smoothness_mean")]
    worst = _columns("radius_worst", "perimeter_worst", "area_worst")
    mixed[worst] = rows[0][worst] * 1.6
    return [slipped, exchanged, mixed]


def _columns(*names: str) -> list[int]:
    return [FEATURE_NAMES.index(name) for name in names]
