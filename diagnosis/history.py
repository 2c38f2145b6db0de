"""Which of this app's rows leave a history: what was asked, what was seen, what was answered, who decided.

Left out: files on their way in (they change with every piece that arrives) and rehearsed answers (never changed).
"""

from accounts.history import track
from diagnosis.models import (
    Annotation,
    Case,
    FnaBatch,
    FnaSample,
    InstalledModel,
    Instance,
    IntakePolicy,
    ModelActivation,
    Patient,
    Prediction,
    Restriction,
    Series,
    Study,
    Upload,
)

track(Annotation, Case, FnaBatch, FnaSample, IntakePolicy, ModelActivation, Patient, Series, Study, Upload)
track(Restriction, Restriction.seen_by.through)
track(Instance, digested=("header", "frame_set"))
track(Prediction, digested=("contributions", "neighbours", "novelty", "provenance"))
track(InstalledModel, digested=("card",))
