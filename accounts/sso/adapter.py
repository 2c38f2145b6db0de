"""Which sign-in services there are, and whom they may sign in."""

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from django.http import HttpRequest
from django.shortcuts import render

from accounts import audit
from accounts.models import Action, Outcome, SingleSignOn, User
from accounts.sign_in.encryption import decrypt
from accounts.sso.outbound import Session


class InstitutionSignIn(DefaultSocialAccountAdapter):
    """Only people whose accounts an administrator made, and only by their own institution's service.

    The key is (issuer, sub). An address leads to a person once: at their first sign-in, if the service vouches for it.
    """

    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> list[Any]:
        """The institutions' services that are switched on, as allauth's apps; never stored as such."""
        rows = SingleSignOn.objects.filter(is_enabled=True).select_related("institution")
        return [_app(row) for row in rows if provider in {None, "institution", row.provider_id}]

    def get_requests_session(self) -> Session:
        return Session()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Lets a person of the service's institution through, and shows everybody else why not."""
        service = _service(sociallogin.account.provider)
        if service is None:
            raise ImmediateHttpResponse(_refuse(request, "off"))
        if sociallogin.is_existing:
            if sociallogin.user.institution_id != service.institution_id or not sociallogin.user.is_active:
                raise ImmediateHttpResponse(_refuse(request, "unknown", sociallogin.user))
            return
        person = _vouched_for(service, sociallogin)
        if person is None:
            raise ImmediateHttpResponse(_refuse(request, "unknown"))
        if SocialAccount.objects.filter(user=person, provider=service.provider_id).exists():
            # The address now belongs to another account there: whose it is, an administrator must say.
            raise ImmediateHttpResponse(_refuse(request, "other", person))
        sociallogin.connect(request, person)
        with audit.acting(audit.context_for(person, ip=audit.current().ip, request_id=audit.current().request_id)):
            audit.record(
                Action.CHANGE_SETTINGS, object_type="single-sign-on-link", object_id=person.public_id, purpose=""
            )


def _app(row: SingleSignOn) -> SocialApp:
    return SocialApp(
        provider="institution",
        provider_id=row.provider_id,
        name=row.institution.name[:40],
        client_id=row.client_id,
        secret=decrypt(row.client_secret),
        settings={"server_url": row.issuer},
    )


def _service(provider_id: str) -> SingleSignOn | None:
    rows = SingleSignOn.objects.filter(is_enabled=True).select_related("institution")
    return next((row for row in rows if row.provider_id == provider_id), None)


def _vouched_for(service: SingleSignOn, sociallogin: SocialLogin) -> User | None:
    addresses = [address.email for address in sociallogin.email_addresses if address.verified is True]
    for address in addresses:
        person = User.objects.filter(email__iexact=address, institution=service.institution_id, is_active=True).first()
        if person is not None:
            return person
    return None


def _as(person: User | None) -> audit.AuditContext:
    here = audit.current()
    return audit.context_for(person, ip=here.ip, request_id=here.request_id)


def _refuse(request: HttpRequest, reason: str, person: User | None = None) -> Any:
    with audit.acting(_as(person)):
        audit.record(
            Action.SIGN_IN_FAILED,
            object_type="user",
            object_id=person.public_id if person else "",
            outcome=Outcome.FAILURE,
            purpose="",
            detail={"single_sign_on": reason},
        )
    return render(request, "socialaccount/refused.html", {"reason": reason}, status=403)
