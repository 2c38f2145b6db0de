"""How near a synthetic table is to a real one, column by column, pair by pair, as a whole, and in use."""

from ml.metrics.tables.columns import ks_complement, ks_complements
from ml.metrics.tables.correlations import CorrelationDifference, correlation_difference
from ml.metrics.tables.two_samples import c2st_auc
from ml.metrics.tables.utility import MODELS, Utility, utility_of_table

__all__ = [
    "MODELS",
    "CorrelationDifference",
    "Utility",
    "c2st_auc",
    "correlation_difference",
    "ks_complement",
    "ks_complements",
    "utility_of_table",
]
