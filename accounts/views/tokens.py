"""A person's API tokens: making one, which is shown once, and revoking it (ACC-21)."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import DomainError
from accounts.models import ApiToken
from accounts.permissions import person
from accounts.sign_in import second_factor
from accounts.sign_in.step_up import recent_sign_in_required
from accounts.sign_in.tokens import make_token, revoke
from accounts.sign_in.tokens_form import TokenForm


@require_http_methods(["GET", "POST"])
@recent_sign_in_required
def create_token(request: HttpRequest) -> HttpResponse:
    """The form; then the token, this once."""
    form = TokenForm(request.POST if request.method == "POST" else None, user=person(request))
    if form.is_valid():
        try:
            token, text = make_token(
                user=person(request),
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                lifetime=form.lifetime,
                is_verified=second_factor.is_verified(request),
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return render(request, "accounts/token_made.html", {"token": token, "text": text})
    return render(request, "accounts/token_form.html", {"form": form}, status=422 if form.is_bound else 200)


@require_POST
@login_required
def revoke_token(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ends one of the person's own tokens."""
    token = get_object_or_404(ApiToken.objects.select_related("user"), user=person(request), public_id=public_id)
    revoke(token, reason="revoked")
    messages.success(request, f"The token “{token.name}” no longer works.")
    return redirect("account-profile")
