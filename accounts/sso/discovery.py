"""What a sign-in service publishes about itself (OpenID Connect Discovery 1.0)."""

from typing import Any

from allauth.socialaccount.providers.oauth2.client import OAuth2Error

from accounts.sso.outbound import Session

NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class NotAnIssuer(OAuth2Error):
    """The address does not lead to a usable service; the message says why."""


def discover(issuer: str) -> dict[str, Any]:
    """The service's published configuration.

    Raises:
        NotAnIssuer: it does not answer as an OpenID Connect issuer of exactly this name.
        requests.RequestException: it cannot be reached.
    """
    with Session() as session:
        answer = session.get(issuer.rstrip("/") + "/.well-known/openid-configuration")
    if answer.status_code != 200:
        raise NotAnIssuer(f"The service answered {answer.status_code} where its configuration should be.")
    try:
        found = answer.json()
    except ValueError as error:
        raise NotAnIssuer("What the service publishes about itself is not JSON.") from error
    if not isinstance(found, dict) or found.get("issuer") != issuer:
        named = found.get("issuer", "nothing") if isinstance(found, dict) else "nothing"
        raise NotAnIssuer(f"The service calls itself {named}, not {issuer}. Enter the name exactly as it writes it.")
    missing = [name for name in NEEDED if not found.get(name)]
    if missing:
        raise NotAnIssuer(f"The service does not publish: {', '.join(missing)}.")
    return found


def keys_of(configuration: dict[str, Any]) -> dict[str, Any]:
    """The service's public keys, a JSON Web Key Set.

    Raises:
        NotAnIssuer: there are none.
        requests.RequestException: the service cannot be reached.
    """
    with Session() as session:
        answer = session.get(configuration["jwks_uri"])
    try:
        keys = answer.json()
    except ValueError as error:
        raise NotAnIssuer("The service's keys are not JSON.") from error
    if answer.status_code != 200 or not isinstance(keys, dict) or not keys.get("keys"):
        raise NotAnIssuer("The service publishes no keys to check its signatures with.")
    return keys
