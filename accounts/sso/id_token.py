"""Checking an ID token after OpenID Connect Core 1.0, section 3.1.3.7."""

from typing import Any

import jwt
from allauth.socialaccount.providers.oauth2.client import OAuth2Error

# Asymmetric only: with a shared secret, whoever knows it could write tokens.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY_SECONDS = 60


class TokenRefused(OAuth2Error):
    """The token does not prove who signs in. The message is for the log, not for the person."""


def checked_claims(token: str, *, keys: dict[str, Any], issuer: str, client_id: str, nonce: str) -> dict[str, Any]:
    """The claims of a token that this issuer signed, for us, in answer to this very sign-in.

    `keys` is the issuer's JSON Web Key Set (RFC 7517).

    Raises:
        TokenRefused: signature, issuer, audience, authorised party, expiry or nonce is not right.
    """
    try:
        header = jwt.get_unverified_header(token)
        claims: dict[str, Any] = jwt.decode(
            token,
            key=_key(keys, header),
            algorithms=list(ALGORITHMS),
            issuer=issuer,
            audience=client_id,
            leeway=LEEWAY_SECONDS,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except jwt.PyJWTError as error:
        raise TokenRefused(f"ID token refused: {type(error).__name__}") from error
    audience = claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != client_id:
        raise TokenRefused("ID token refused: made for several, and not on our request")
    if claims.get("azp", client_id) != client_id:
        raise TokenRefused("ID token refused: another party asked for it")
    if not nonce or claims.get("nonce") != nonce:
        raise TokenRefused("ID token refused: it answers another sign-in")
    return claims


def _key(keys: dict[str, Any], header: dict[str, Any]) -> jwt.PyJWK:
    known = [key for key in jwt.PyJWKSet.from_dict(keys).keys if key.public_key_use in {None, "sig"}]
    named = [key for key in known if key.key_id == header.get("kid")]
    if not header.get("kid") and len(known) == 1:
        return known[0]
    if not named:
        raise TokenRefused("ID token refused: signed with a key that the issuer doesn't publish")
    return named[0]
