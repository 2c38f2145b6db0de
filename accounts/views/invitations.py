"""Inviting people, and accepting an invitation."""

from uuid import UUID

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.errors import DomainError
from accounts.models import Invitation, Role, User
from accounts.people import invitations
from accounts.people.forms import AcceptanceForm, InvitationForm
from accounts.permissions import person, require_role
from accounts.sign_in import second_factor
from accounts.sign_in.step_up import recent_sign_in_required

INVITATIONS_PER_PAGE = 25
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
SECRET = "invitation"  # noqa: S105 where the session keeps it


@require_GET
@require_role(Role.ADMIN)
def invitation_list(request: HttpRequest) -> HttpResponse:
    """The institution's invitations that were not accepted or withdrawn, newest first."""
    pending = Invitation.objects.visible_to(request.user).pending().select_related("invited_by")
    page = Paginator(pending, INVITATIONS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "accounts/invitations/list.html", {"page": page, "now": timezone.now()})


@require_http_methods(["GET", "HEAD", "POST"])
@require_role(Role.ADMIN)
@recent_sign_in_required
def invite(request: HttpRequest) -> HttpResponse:
    """Invites a person."""
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            invitation = invitations.invite(admin=person(request), link_to=_link(request), **form.cleaned_data)
        except DomainError as error:
            if error.status == 503:
                raise
            form.add_error(None, str(error))
        else:
            messages.success(request, f"An invitation was sent to {invitation.email}.")
            return redirect("invitation-list")
    status = 422 if request.method == "POST" else 200
    return render(request, "accounts/invitations/invite.html", {"form": form, "days": invitations.DAYS}, status=status)


@require_POST
@require_role(Role.ADMIN)
@recent_sign_in_required
def resend(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Sends the link anew."""
    invitation = _invitation(request, public_id)
    invitations.resend(admin=person(request), invitation=invitation, link_to=_link(request))
    messages.success(request, f"A new link was sent to {invitation.email}; the earlier one no longer works.")
    return redirect("invitation-list")


@require_POST
@require_role(Role.ADMIN)
@recent_sign_in_required
def withdraw(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ends an invitation."""
    invitation = _invitation(request, public_id)
    invitations.withdraw(admin=person(request), invitation=invitation)
    messages.success(request, f"The invitation of {invitation.email} was withdrawn; its link no longer works.")
    return redirect("invitation-list")


@require_GET
def open_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Takes the secret out of the address bar, where it could be seen, kept or passed on, and goes on without it."""
    request.session[SECRET] = secret
    return redirect("invitation-accept")


@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest) -> HttpResponse:
    """Chooses the password, which makes the account, signs it in and goes on to its second factor."""
    secret = str(request.session.get(SECRET, ""))
    try:
        invitation = invitations.open_invitation(secret)
    except invitations.InvitationOver as error:
        return _over(request, error)
    if request.user.is_authenticated:
        return render(request, "accounts/invitations/signed_in.html", {"invitation": invitation}, status=409)
    newcomer = User(email=invitation.email, full_name=invitation.full_name)
    form = AcceptanceForm(request.POST or None, person=newcomer)
    if request.method == "POST" and form.is_valid():
        try:
            user = invitations.accept(secret=secret, password=form.cleaned_data["password"])
        except invitations.InvitationOver as error:
            return _over(request, error)
        request.session.flush()
        record_authentication(request, user=user, method="password", email=user.email)
        login(request, user, backend=BACKEND)
        return redirect("mfa_index" if settings.MFA_REQUIRED and not second_factor.has_factor(user) else "home")
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "invitation": invitation}
    return render(request, "accounts/invitations/accept.html", context, status=status)


def _over(request: HttpRequest, error: invitations.InvitationOver) -> HttpResponse:
    return render(request, "accounts/invitations/over.html", {"message": str(error)}, status=error.status)


def _invitation(request: HttpRequest, public_id: UUID) -> Invitation:
    rows = Invitation.objects.visible_to(request.user).select_related("institution", "invited_by")
    return get_object_or_404(rows, public_id=public_id)


def _link(request: HttpRequest) -> invitations.LinkTo:
    return lambda secret: request.build_absolute_uri(reverse("invitation-open", args=[secret]))
