"""Setting up how an institution's people sign in with their account there."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Role, SingleSignOn
from accounts.permissions import person, require_role
from accounts.sign_in.step_up import recent_sign_in_required
from accounts.sso.configuration import configure, remove
from accounts.sso.forms import SingleSignOnForm


@sensitive_post_parameters("client_secret")
@require_http_methods(["GET", "HEAD", "POST"])
@require_role(Role.ADMIN)
@recent_sign_in_required
def single_sign_on(request: HttpRequest) -> HttpResponse:
    """The institution's sign-in service, and what its identity team needs to know of this site."""
    user = person(request)
    service = SingleSignOn.objects.filter(institution=user.institution).first()
    status = 200
    if request.method == "POST":
        form = SingleSignOnForm(request.POST, service=service)
        if form.is_valid():
            configure(user=user, **form.cleaned_data)
            messages.success(request, "The sign-in service answered and was saved.")
            return redirect("single-sign-on")
        status = 422
    else:
        initial = {"is_enabled": True}
        if service is not None:
            initial = {name: getattr(service, name) for name in ("issuer", "client_id", "is_enabled")}
        form = SingleSignOnForm(initial=initial, service=service)
    context = {"form": form, "service": service, "callback": _callback(request, service)}
    return render(request, "accounts/single_sign_on/settings.html", context, status=status)


@require_POST
@require_role(Role.ADMIN)
@recent_sign_in_required
def remove_single_sign_on(request: HttpRequest) -> HttpResponse:
    """Forgets the service."""
    remove(user=person(request))
    messages.success(request, "Single sign-on was removed. People sign in with their passwords.")
    return redirect("single-sign-on")


def _callback(request: HttpRequest, service: SingleSignOn | None) -> str:
    if service is None:
        return ""
    return request.build_absolute_uri(reverse("sso-callback", args=[service.provider_id]))
