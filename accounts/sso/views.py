"""Where a sign-in with the institution's account begins and comes back."""

from typing import Any

from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.models import SingleSignOn
from accounts.sso.openid import InstitutionAdapter


class CallbackView(OAuth2CallbackView):
    """Hands the sign-in's nonce on to whoever checks the ID token."""

    adapter: InstitutionAdapter

    def _get_state(self, request: HttpRequest, provider: Any) -> Any:
        state, response = super()._get_state(request, provider)
        if state is not None:
            self.adapter.expected_nonce = (state.get("data") or {}).get("nonce", "")
        return state, response


@require_GET
@login_not_required
def choose(request: HttpRequest) -> HttpResponse:
    """The institutions whose people can sign in with their account there."""
    if request.user.is_authenticated:
        return redirect("home")
    services = SingleSignOn.objects.filter(is_enabled=True).select_related("institution").order_by("institution__name")
    return render(request, "socialaccount/choose.html", {"services": services, "next": request.GET.get("next", "")})


@require_GET
@login_not_required
def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Off to the institution's service. A plain link does: what comes back must carry this session's state."""
    return _with_adapter(OAuth2LoginView, request, provider_id)


@require_GET
@login_not_required
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Back from the institution's service."""
    return _with_adapter(CallbackView, request, provider_id)


def _with_adapter(view: Any, request: HttpRequest, provider_id: str) -> HttpResponse:
    try:
        answer: HttpResponse = view.adapter_view(InstitutionAdapter(request, provider_id))(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    return answer
