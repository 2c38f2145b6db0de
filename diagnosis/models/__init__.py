"""Cases, the batches they came in, installed models, and predictions."""

from diagnosis.models.batch import FnaBatch
from diagnosis.models.case import Case, FnaSample
from diagnosis.models.installed_model import InstalledModel
from diagnosis.models.prediction import Prediction

__all__ = ["Case", "FnaBatch", "FnaSample", "InstalledModel", "Prediction"]
