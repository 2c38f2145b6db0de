"""Signing in to the API, and out of it."""

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import ApiToken
from accounts.scopes import SCOPES, open_to
from accounts.sign_in.events import acting_as
from accounts.sign_in.programs import prove
from accounts.sign_in.tokens import LONGEST, USUAL, TokenAuthentication, make_token, revoke


class SignInSerializer(serializers.Serializer[Any]):
    """What a person signs in with."""

    email = serializers.EmailField()
    password = serializers.CharField(trim_whitespace=False, style={"input_type": "password"})
    code = serializers.CharField(
        max_length=40,
        default="",
        allow_blank=True,
        help_text="What your authenticator app shows, or a recovery code; the demo asks only those who have one.",
    )
    name = serializers.CharField(max_length=100, default="API sign-in", help_text="What uses the token.")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=[(scope.name, scope.words) for scope in SCOPES.values()]),
        required=False,
        help_text="What the token may do; without it, all that your role can give.",
    )
    hours = serializers.IntegerField(
        min_value=1,
        max_value=LONGEST // timedelta(hours=1),
        default=USUAL // timedelta(hours=1),
        help_text="How long it works.",
    )


class TokenSerializer(serializers.Serializer[Any]):
    """A token, shown once."""

    token = serializers.CharField(help_text="Send it as `Authorization: Bearer TOKEN`.")
    expires_at = serializers.DateTimeField()
    scopes = serializers.ListField(child=serializers.CharField())


class TokenView(APIView):
    """Exchange e-mail and password for a token that expires."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_scope = "sign-in"

    def get_authenticate_header(self, request: Request) -> str:
        """A wrong password is a 401, although this view itself asks for no token."""
        return "Bearer"

    @extend_schema(request=SignInSerializer, responses={201: TokenSerializer}, tags=["sign-in"], auth=[])
    def post(self, request: Request) -> Response:
        """Sign in."""
        serializer = SignInSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        user, is_verified = prove(
            request._request,  # noqa: SLF001 backends want Django's request
            email=asked["email"],
            password=asked["password"],
            code=asked["code"],
        )
        with acting_as(user, request._request):  # noqa: SLF001
            stored, token = make_token(
                user=user,
                name=asked["name"],
                scopes=asked.get("scopes") or [scope.name for scope in open_to(user.role)],
                lifetime=timedelta(hours=asked["hours"]),
                is_verified=is_verified,
            )
        answer = {"token": token, "expires_at": stored.expiry, "scopes": stored.scopes}
        return Response(answer, status=status.HTTP_201_CREATED)


class RevokeTokenView(APIView):
    """End the token that this request carries."""

    authentication_classes = (TokenAuthentication,)
    permission_classes = (IsAuthenticated,)

    @extend_schema(request=None, responses={204: None}, tags=["sign-in"])
    def post(self, request: Request) -> Response:
        """Sign out."""
        token = request.auth
        assert isinstance(token, ApiToken)  # the only way to sign in to this view
        revoke(token, reason="signed-out")
        return Response(status=status.HTTP_204_NO_CONTENT)
