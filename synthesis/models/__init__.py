"""Released sources, ordered sets, how they were made, what was published of them and who took it."""

from synthesis.models.choices import Effort, Kind
from synthesis.models.published_file import Download, PublishedFile
from synthesis.models.source_dataset import SourceDataset
from synthesis.models.synthetic_set import Stage, SyntheticSet
from synthesis.models.training import SampleGrid, TrainingRecord

__all__ = [
    "Download",
    "Effort",
    "Kind",
    "PublishedFile",
    "SampleGrid",
    "SourceDataset",
    "Stage",
    "SyntheticSet",
    "TrainingRecord",
]
