"""The forms in which second factors are set up and shown."""

from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as base
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from allauth.mfa.webauthn import forms as webauthn
from cryptography.fernet import InvalidToken
from django import forms

from accounts.sign_in import events, lock_out, second_factor
from accounts.sign_in.encryption import decrypt, encrypt


class CodeMixin:
    """A code from the app, or a recovery code: counts once, and a wrong one counts towards the lock-out."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code"]  # type: ignore[attr-defined]
        field.label = "Code"
        field.help_text = "Six digits from your authenticator app, or one of your recovery codes"
        field.widget.attrs = {"autocomplete": "one-time-code", "inputmode": "numeric"}

    def clean_code(self) -> str:
        """
        Raises:
            ValidationError: the code is wrong or was used already, or the person is locked out.
        """
        if lock_out.is_locked(context.request, self.user):  # type: ignore[attr-defined]
            raise get_adapter().validation_error("incorrect_code")
        code: str = super().clean_code()  # type: ignore[misc]
        is_app = self.authenticator.type == Authenticator.Type.TOTP  # type: ignore[attr-defined]
        if is_app and not second_factor.count_once(self.user, code):  # type: ignore[attr-defined]
            self._emit_authentication_failed(self.authenticator)  # type: ignore[attr-defined]
            raise get_adapter().validation_error("incorrect_code")
        return code


class AuthenticateForm(CodeMixin, base.AuthenticateForm):
    """The second step of signing in."""


class ReauthenticateForm(CodeMixin, base.ReauthenticateForm):
    """A second factor shown again."""


class ActivateAppForm(ActivateTOTPForm):
    """Sets up an authenticator app; the code that proves it works does not sign in as well.

    allauth keeps the secret in the session until then, which is a row in the database: it stands there encrypted.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        session = context.request.session
        try:
            self.secret = decrypt(session[SECRET_SESSION_KEY])
        except InvalidToken:  # allauth has made it just now
            session[SECRET_SESSION_KEY] = encrypt(self.secret)
        field = self.fields["code"]
        field.label = "Code that the app shows"
        field.help_text = "Six digits; a new code comes every 30 seconds"
        field.widget.attrs = {"autocomplete": "one-time-code", "inputmode": "numeric"}

    def clean_code(self) -> str:
        code: str = super().clean_code()
        if not second_factor.count_once(self.user, code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class PasskeyMixin:
    """A passkey's signature; a wrong one is recorded, and counts where it is known whose it was to be."""

    def clean_credential(self) -> Authenticator:
        """
        Raises:
            ValidationError: the signature is not that of one of the person's passkeys, or they are locked out.
        """
        user = self.user  # type: ignore[attr-defined]
        if user is not None and lock_out.is_locked(context.request, user):
            raise get_adapter().validation_error("incorrect_code")
        try:
            return super().clean_credential()  # type: ignore[misc]
        except forms.ValidationError:
            events.record_wrong_factor(context.request, user, Authenticator.Type.WEBAUTHN)
            raise


class AuthenticatePasskeyForm(PasskeyMixin, webauthn.AuthenticateWebAuthnForm):
    """The second step of signing in, with a passkey."""


class ReauthenticatePasskeyForm(PasskeyMixin, webauthn.ReauthenticateWebAuthnForm):
    """A passkey shown again."""


class LoginPasskeyForm(PasskeyMixin, webauthn.LoginWebAuthnForm):
    """Signing in with a passkey alone: the device has asked for fingerprint, face or PIN."""


class AddPasskeyForm(webauthn.AddWebAuthnForm):
    """Sets up a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = "Name"
        self.fields["name"].help_text = "What you call the device, so that you know it in the list"
        self.fields["name"].max_length = 60
        self.fields["passwordless"].initial = True
        self.fields["passwordless"].label = "Let it sign me in without my password"
        self.fields[
            "passwordless"
        ].help_text = (
            "The device asks for your fingerprint, face or PIN. Take this off for a security key without a PIN."
        )
