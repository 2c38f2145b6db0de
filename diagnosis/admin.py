"""Clinical rows, as the database has them: which there are and how they stand, nothing that names a patient."""

from django.contrib import admin

from accounts.admin_site import ReadOnlyAdmin
from diagnosis.models import Case, FnaBatch, Instance, ModelActivation, Prediction, Study, Upload


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    """Cases by their pseudonyms."""

    shown = ("public_id", "kind", "created_by", "created_at")


@admin.register(FnaBatch)
class FnaBatchAdmin(ReadOnlyAdmin):
    """Batches, without the names of their files."""

    shown = ("public_id", "source", "row_count", "created_by", "created_at")


@admin.register(Study)
class StudyAdmin(ReadOnlyAdmin):
    """Studies by their pseudonyms."""

    shown = ("public_id", "is_deidentified", "created_at")


@admin.register(Instance)
class InstanceAdmin(ReadOnlyAdmin):
    """Images and documents: their state, not what they show."""

    institution_path = "series__study__institution"
    shown = ("public_id", "state", "created_at")


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    """What was sent, without the names of the files."""

    shown = ("public_id", "source", "created_by", "created_at")


@admin.register(Prediction)
class PredictionAdmin(ReadOnlyAdmin):
    """How answers ended and which model gave them."""

    institution_path = "case__institution"
    shown = ("public_id", "status", "model", "created_at")


@admin.register(ModelActivation)
class ModelActivationAdmin(ReadOnlyAdmin):
    """Proposals to change the model in force."""

    shown = ("public_id", "model", "modality", "proposed_by")
