"""API URLs of the diagnosis app."""

from rest_framework.routers import SimpleRouter

from diagnosis.api import models, views

router = SimpleRouter(use_regex_path=False)
router.register("fna-samples", views.FnaSampleViewSet, basename="api-fna-sample")
router.register("cases", views.CaseViewSet, basename="api-case")
router.register("predictions", views.PredictionViewSet, basename="api-prediction")
router.register("models", models.InstalledModelViewSet, basename="api-model")
router.register("activations", models.ActivationViewSet, basename="api-activation")
router.register("rehearsals", models.RehearsalViewSet, basename="api-rehearsal")
urlpatterns = router.urls
