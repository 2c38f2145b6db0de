"""Real tables, and small ones cut from them."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer

DATA = Path(__file__).parents[4] / "shared" / "data" / "fna-tabular"


@pytest.fixture(scope="session")
def wdbc() -> tuple[NDArray[np.float64], NDArray[np.int_]]:
    """The 569 WDBC rows (n, 30) and their outcomes, 1 malignant."""
    X, target = load_breast_cancer(return_X_y=True)
    return X, 1 - target  # scikit-learn codes malignant as 0


@pytest.fixture(scope="session")
def real_file():
    """Read one of the tables as people store them; skips where the collection is not at hand."""

    def read(name: str) -> bytes:
        path = DATA / name
        if not path.exists():
            pytest.skip(f"the collection of real tables is not at {DATA}")
        return path.read_bytes()

    return read


@pytest.fixture
def table_text(wdbc):
    """Some WDBC rows as CSV text with our own header: sample_id, diagnosis, thirty features."""
    from ml.fna.schema import FEATURE_NAMES

    def write(n: int = 12, *, header: bool = True, delimiter: str = ",", decimal: str = ".") -> str:
        X, y = wdbc
        lines = [delimiter.join(["sample_id", "diagnosis", *FEATURE_NAMES])] if header else []
        for i in range(n):
            values = [repr(float(value)).replace(".", decimal) for value in X[i]]
            lines.append(delimiter.join([f"S{i}", "BM"[y[i]], *values]))
        return "\n".join(lines) + "\n"

    return write
