"""Cases and what they are about: FNA samples and imaging studies; installed models; predictions."""

from diagnosis.models.activation import ModelActivation, Rehearsal, RehearsedAnswer
from diagnosis.models.batch import FnaBatch
from diagnosis.models.case import Case, FnaSample
from diagnosis.models.installed_model import InstalledModel
from diagnosis.models.instance import Annotation, Instance
from diagnosis.models.intake_policy import IntakePolicy
from diagnosis.models.patient import Patient
from diagnosis.models.prediction import Prediction
from diagnosis.models.restriction import Restriction
from diagnosis.models.study import Series, Study
from diagnosis.models.upload import Upload, UploadedFile

__all__ = [
    "Annotation",
    "Case",
    "FnaBatch",
    "FnaSample",
    "InstalledModel",
    "Instance",
    "IntakePolicy",
    "ModelActivation",
    "Patient",
    "Prediction",
    "Rehearsal",
    "RehearsedAnswer",
    "Restriction",
    "Series",
    "Study",
    "Upload",
    "UploadedFile",
]
