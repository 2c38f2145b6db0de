"""The database as an administrator may look at it: Django's admin, locked and read-only.

What people change, they change on the site's own pages, where the rules and the audit trail are. Here an
administrator with a second factor sees the rows of their own institution, without what names a patient.
"""

from typing import TYPE_CHECKING, Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, reverse

from accounts import audit
from accounts.models import Action, Outcome, Role, User

if TYPE_CHECKING:
    _ModelAdmin = ModelAdmin[Any]
else:  # at run time Django's class takes no type argument
    _ModelAdmin = ModelAdmin

# Of Django's own routes: where nothing can be changed, these lead nowhere.
LEFT_OUT = frozenset({"password_change", "password_change_done", "autocomplete", "view_on_site"})


class LobuleAdminSite(AdminSite):
    """Administrators only; takes no model that is not shown through `ReadOnlyAdmin`."""

    site_header = "Lobule: database, read-only"
    site_title = "Lobule database"
    index_title = "Tables"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return isinstance(user, User) and user.is_active and user.role == Role.ADMIN

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """The anonymous sign in on the site's own page; other roles are refused, and that is recorded."""
        guarded = super().admin_view(view, cacheable)

        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path(), reverse("account_login"))
            if not self.has_permission(request):
                audit.record(Action.DENIED, object_type="page", object_id="admin", outcome=Outcome.FAILURE, purpose="")
                raise PermissionDenied
            answer: HttpResponse = guarded(request, *args, **kwargs)
            return answer

        return inner

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one way in: the site's."""
        return redirect_to_login(reverse("admin:index"), reverse("account_login"))

    def logout(  # type: ignore[override] # the stubs allow no redirect
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """There is one way out, too."""
        return redirect("account_logout")

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [url for url in super().get_urls() if getattr(url, "name", None) not in LEFT_OUT]

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Libraries that register their tables are not heard: those hold secrets, or could be changed."""
        if admin_class is not None and issubclass(admin_class, ReadOnlyAdmin):
            super().register(model_or_iterable, admin_class, **options)


class ReadOnlyAdmin(_ModelAdmin):
    """Shows the named columns of the administrator's own institution. Each look is recorded.

    `institution_path` leads from a row to its institution; `shown` names the columns, and nothing else is read.
    """

    institution_path = "institution"
    shown: tuple[str, ...] = ()
    actions = None
    list_per_page = 50
    show_full_result_count = False

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return self.shown

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return self.shown

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return self.shown

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        assert isinstance(request.user, User)  # the site lets nobody else through
        return super().get_queryset(request).filter(**self.of_institution(request.user))

    def of_institution(self, user: User) -> dict[str, Any]:
        """The condition under which a row belongs to the person's institution."""
        return {self.institution_path: user.institution_id}

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        audit.record(Action.SEARCH, object_type=f"table:{self.opts.model_name}", purpose="administration")
        return super().changelist_view(request, extra_context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        audit.record(
            Action.VIEW,
            object_type=f"table:{self.opts.model_name}",
            object_id=getattr(row, "public_id", object_id if row else ""),
            purpose="administration",
        )
        return super().change_view(request, object_id, form_url, extra_context)
