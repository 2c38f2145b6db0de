"""What the tabular GAN is measured against: simple generators, and planted leaks that must never be released."""

from ml.gan.tabular.peers.copula import EmpiricalCopula
from ml.gan.tabular.peers.dp_gaussian import DpGaussian
from ml.gan.tabular.peers.gaussian import PerClassGaussian
from ml.gan.tabular.peers.leaks import copy_rows, kde_rows, smote_rows

__all__ = ["DpGaussian", "EmpiricalCopula", "PerClassGaussian", "copy_rows", "kde_rows", "smote_rows"]
