"""API URLs of the synthesis app."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from synthesis.api import views
from synthesis.publishing.api import SyntheticSetFileView

router = SimpleRouter(use_regex_path=False)
router.register("synthetic-sets", views.SyntheticSetViewSet, basename="api-synthetic-set")
router.register("synthetic-sources", views.SourceViewSet, basename="api-synthetic-source")
urlpatterns = [
    *router.urls,
    path(
        "synthetic-sets/<uuid:public_id>/files/<path:name>/",
        SyntheticSetFileView.as_view(),
        name="api-synthetic-set-file",
    ),
]
