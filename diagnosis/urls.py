"""URLs of the diagnosis app."""

from django.urls import path

from diagnosis.views import batches, cases, fna, models

urlpatterns = [
    path("cases/", cases.worklist, name="worklist"),
    path("cases/search/", cases.search, name="worklist-search"),
    path("cases/export.csv", cases.export, name="worklist-export"),
    path("cases/<uuid:public_id>/", cases.detail, name="case-detail"),
    path("fna/upload/", fna.upload, name="fna-upload"),
    path("fna/upload/preview/", fna.preview, name="fna-preview"),
    path("fna/upload/import/", fna.import_file, name="fna-import"),
    path("fna/template.csv", fna.template, name="fna-template"),
    path("fna/new/", fna.form, name="fna-form"),
    path("fna/batches/", batches.batch_list, name="batch-list"),
    path("fna/batches/<uuid:public_id>/", batches.detail, name="batch-detail"),
    path("fna/batches/<uuid:public_id>/export.csv", batches.export, name="batch-export"),
    path("models/", models.model_list, name="model-list"),
    path("models/<uuid:public_id>/", models.model_detail, name="model-detail"),
]
