"""A small table and a generator briefly fitted to it."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.fna.reference import reference_cases
from ml.gan.tabular import ConditionalTabularGAN
from ml.gan.tabular.training import TrainingSettings

Table = tuple[NDArray[np.float64], NDArray[np.int64]]
BRIEF = TrainingSettings(steps=30, batch=32, hidden=16)


@pytest.fixture(scope="session")
def table() -> Table:
    """300 rows of WDBC."""
    cases = reference_cases()
    rows = np.random.default_rng(0).choice(len(cases.y), 300, replace=False)
    return cases.X[rows], cases.y[rows]


@pytest.fixture(scope="session")
def brief(table: Table) -> ConditionalTabularGAN:
    """Thirty steps of training."""
    return ConditionalTabularGAN(BRIEF).fit(*table, seed=1)
