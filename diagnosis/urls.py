"""URLs of the diagnosis app."""

from django.urls import path

from diagnosis.views import activations, batches, cases, fna, frames, models, rehearsals, viewer

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
    path("models/history/", activations.history, name="activation-list"),
    path("models/<uuid:public_id>/", models.model_detail, name="model-detail"),
    path("models/<uuid:public_id>/propose/", activations.propose, name="activation-propose"),
    path("models/<uuid:public_id>/rehearse/", rehearsals.start, name="rehearsal-start"),
    path("models/activations/<uuid:public_id>/", activations.detail, name="activation-detail"),
    path("models/activations/<uuid:public_id>/decide/", activations.decide, name="activation-decide"),
    path("models/activations/<uuid:public_id>/withdraw/", activations.withdraw, name="activation-withdraw"),
    path("models/rehearsals/<uuid:public_id>/", rehearsals.detail, name="rehearsal-detail"),
    path("models/rehearsals/<uuid:public_id>/answers.csv", rehearsals.export, name="rehearsal-export"),
    path("studies/<uuid:public_id>/view/", viewer.page, name="study-viewer"),
    path("studies/<uuid:public_id>/viewer.json", viewer.manifest, name="study-viewer-manifest"),
    path("studies/<uuid:public_id>/annotations/", viewer.annotation_list, name="annotation-list"),
    path("annotations/<uuid:public_id>/", viewer.annotation_detail, name="annotation-detail"),
    path("annotations/<uuid:public_id>/restore/", viewer.annotation_restore, name="annotation-restore"),
    path("instances/<uuid:public_id>/frames/<int:number>", frames.frame, name="instance-frame"),
    path("instances/<uuid:public_id>/thumbnail.png", frames.thumbnail, name="instance-thumbnail"),
    path("instances/<uuid:public_id>/overlay.png", frames.overlay, name="instance-overlay"),
    path("instances/<uuid:public_id>/evidence.png", frames.evidence, name="instance-evidence"),
    path("instances/<uuid:public_id>/file", frames.original, name="instance-file"),
]
