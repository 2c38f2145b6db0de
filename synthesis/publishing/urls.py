"""URLs of published files."""

from django.urls import path

from synthesis.publishing import views

urlpatterns = [
    path("synthetic-sets/<uuid:public_id>/files/<path:name>", views.synthetic_set_file, name="synthetic-set-file"),
    path("synthetic-object/<str:token>", views.synthetic_object, name="synthetic-object"),
]
