"""Mounted at `/jobs/`."""

from django.urls import path

from jobs import views

urlpatterns = [
    path("<uuid:public_id>/status/", views.job_status, name="job-status"),
    path("<uuid:public_id>/cancel/", views.job_cancel, name="job-cancel"),
    path("<uuid:public_id>/retry/", views.job_retry, name="job-retry"),
]
