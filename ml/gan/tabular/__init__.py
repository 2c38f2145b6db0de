"""Synthetic tables of FNA measurements with their diagnosis: `ConditionalTabularGAN`, and its peers in `peers`."""

from ml.gan.tabular.generator import ConditionalTabularGAN
from ml.gan.tabular.training import TrainingAborted

__all__ = ["ConditionalTabularGAN", "TrainingAborted"]
