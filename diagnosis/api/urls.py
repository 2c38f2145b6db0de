"""API URLs of the diagnosis app."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from diagnosis.api import models, studies, uploads, views

router = SimpleRouter(use_regex_path=False)
router.register("fna-samples", views.FnaSampleViewSet, basename="api-fna-sample")
router.register("cases", views.CaseViewSet, basename="api-case")
router.register("predictions", views.PredictionViewSet, basename="api-prediction")
router.register("models", models.InstalledModelViewSet, basename="api-model")
router.register("activations", models.ActivationViewSet, basename="api-activation")
router.register("rehearsals", models.RehearsalViewSet, basename="api-rehearsal")
router.register("studies", studies.StudyViewSet, basename="api-study")
urlpatterns = [
    *router.urls,
    path("uploads/", uploads.UploadListView.as_view(), name="api-upload-list"),
    path("uploads/<uuid:public_id>/", uploads.UploadDetailView.as_view(), name="api-upload-detail"),
    path("uploads/<uuid:public_id>/files/", uploads.UploadFileListView.as_view(), name="api-upload-file-list"),
    path(
        "uploads/<uuid:public_id>/files/<uuid:file_id>/",
        uploads.UploadFileView.as_view(),
        name="api-upload-file-detail",
    ),
]
