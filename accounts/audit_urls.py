"""Mounted at `/audit/`: the trail, its timelines, charts and exports, and the daily review."""

from django.urls import path

from accounts.views import activity, retention, review, review_rules, timelines, trail, trail_export

urlpatterns = [
    path("", trail.audit_list, name="audit-list"),
    path("events/<uuid:public_id>/", trail.audit_event, name="audit-event"),
    path("patients/search/", timelines.patient_search, name="audit-patient-search"),
    path("patients/<path:pseudonym>/", timelines.patient, name="audit-patient"),
    path("people/<uuid:public_id>/", timelines.staff, name="audit-person"),
    path("activity/", activity.activity, name="audit-activity"),
    path("export/", trail_export.export, name="audit-export"),
    path("export/<slug:file_format>/", trail_export.export_file, name="audit-export-file"),
    path("review/", review.review_list, name="review-list"),
    path("review/findings/<uuid:public_id>/judge/", review.judge, name="review-judge"),
    path("review/<str:day>/", review.day, name="review-day"),
    path("review/<str:day>/sign/", review.sign, name="review-sign"),
    path("rules/", review_rules.rules, name="review-rules"),
    path("retention/", retention.retention, name="audit-retention"),
    path("retention/holds/", retention.place, name="hold-place"),
    path("retention/holds/<uuid:public_id>/lift/", retention.lift, name="hold-lift"),
]
