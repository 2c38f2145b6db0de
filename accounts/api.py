"""Signing in to the API, and out of it."""

from typing import Any

from django.contrib.auth import authenticate
from drf_spectacular.utils import extend_schema
from knox.auth import TokenAuthentication
from knox.models import AuthToken
from rest_framework import exceptions, serializers, status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import audit
from accounts.models import Action, User


class SignInSerializer(serializers.Serializer[Any]):
    """What a person signs in with."""

    email = serializers.EmailField()
    password = serializers.CharField(trim_whitespace=False, style={"input_type": "password"})


class TokenSerializer(serializers.Serializer[Any]):
    """A token, shown once."""

    token = serializers.CharField(help_text="Send it as `Authorization: Bearer TOKEN`.")
    expires_at = serializers.DateTimeField()


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
        user = authenticate(request._request, **serializer.validated_data)  # noqa: SLF001 backends want Django's request
        if not isinstance(user, User):
            raise exceptions.AuthenticationFailed("E-mail address or password is not right.")
        stored, token = AuthToken.objects.create(user)
        with audit.acting(audit.context_for(user, ip=request.META.get("REMOTE_ADDR"))):
            audit.record(Action.SIGN_IN, object_type="api-token", object_id=stored.token_key, purpose="")
        return Response({"token": token, "expires_at": stored.expiry}, status=status.HTTP_201_CREATED)


class RevokeTokenView(APIView):
    """End the token that this request carries."""

    authentication_classes = (TokenAuthentication,)
    permission_classes = (IsAuthenticated,)

    @extend_schema(request=None, responses={204: None}, tags=["sign-in"])
    def post(self, request: Request) -> Response:
        """Sign out."""
        token = request.auth
        assert isinstance(token, AuthToken)  # the only way to sign in to this view
        audit.record(Action.SIGN_OUT, object_type="api-token", object_id=token.token_key, purpose="")
        token.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
