"""URLs of the synthesis pages."""

from django.urls import include, path

from synthesis.views import catalogue, comparison, decisions, orders, progress, sources

urlpatterns = [
    path("synthesis/sources/", sources.source_list, name="source-list"),
    path("synthesis/sources/new/", sources.source_new, name="source-new"),
    path("synthesis/sources/<uuid:public_id>/", sources.source_detail, name="source-detail"),
    path("synthesis/sources/<uuid:public_id>/release/", sources.source_release, name="source-release"),
    path("synthesis/sources/<uuid:public_id>/withdraw/", sources.source_withdraw, name="source-withdraw"),
    path("synthesis/orders/", orders.order_list, name="order-list"),
    path("synthesis/orders/new/", orders.order_new, name="order-new"),
    path("synthesis/orders/estimate/", orders.order_estimate, name="order-estimate"),
    path("synthesis/orders/compare/", comparison.order_compare, name="order-compare"),
    path("synthesis/orders/<uuid:public_id>/", orders.order_detail, name="order-detail"),
    path("synthesis/orders/<uuid:public_id>/progress/", progress.order_progress, name="order-progress"),
    path("synthesis/orders/<uuid:public_id>/grids/<int:step>.png", progress.order_grid, name="order-grid"),
    path("synthesis/orders/<uuid:public_id>/approve/", decisions.order_approve, name="order-approve"),
    path("synthesis/orders/<uuid:public_id>/reject/", decisions.order_reject, name="order-reject"),
    path("synthesis/orders/<uuid:public_id>/withdraw/", decisions.order_withdraw, name="order-withdraw"),
    path("synthesis/orders/<uuid:public_id>/gallery/", decisions.order_gallery, name="order-gallery"),
    path(
        "synthesis/orders/<uuid:public_id>/gallery/<int:rank>-<slug:side>.png",
        decisions.gallery_picture,
        name="order-gallery-picture",
    ),
    path("", include("synthesis.publishing.urls")),
    path("synthetic-sets/", catalogue.synthetic_set_list, name="synthetic-set-list"),
    path("synthetic-sets/<uuid:public_id>/", catalogue.synthetic_set_detail, name="synthetic-set-detail"),
    path(
        "synthetic-sets/<uuid:public_id>/thumbnails/<slug:name>.png",
        catalogue.synthetic_set_thumbnail,
        name="synthetic-set-thumbnail",
    ),
]
