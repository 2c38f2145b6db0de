"""Requests to the address that an administrator named: bounded, without redirects, never to this machine's neighbours.

A hospital's sign-in service often stands in its own network, so private addresses are allowed; loopback, link-local
(where clouds keep their credentials) and plain HTTP are not, unless `SSO_ALLOW_LOCAL` says so for the tests.
"""

import ipaddress
import socket
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings

TIMEOUT_SECONDS = 5
MAX_BYTES = 1024 * 1024


class UnreachableAddress(requests.RequestException):
    """The address is one that this site does not ask; the message says why."""


def require_allowed(url: str) -> None:
    """Lets an address through that may be asked.

    Raises:
        UnreachableAddress: it is not HTTPS, unknown, or this machine's own neighbourhood.
    """
    parts = urlsplit(url)
    if settings.SSO_ALLOW_LOCAL:
        return
    if parts.scheme != "https" or not parts.hostname:
        raise UnreachableAddress("The address must begin with https://.")
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise UnreachableAddress(f"No machine is known under the name {parts.hostname}.") from error
    for *_, address in found:
        ip = ipaddress.ip_address(str(address[0]).partition("%")[0])
        if ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_unspecified:
            raise UnreachableAddress(f"{parts.hostname} leads to {ip}, which is not asked.")


class Session(requests.Session):
    """Asks with a time limit, reads at most a megabyte, and follows no redirect."""

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        require_allowed(url.decode() if isinstance(url, bytes) else url)
        kwargs |= {"timeout": TIMEOUT_SECONDS, "allow_redirects": False, "stream": True}
        response = super().request(method, url, *args, **kwargs)
        if response.is_redirect:
            response.close()
            raise UnreachableAddress("The service answered with a redirect, which is not followed.")
        body = response.raw.read(MAX_BYTES + 1, decode_content=True)
        response.close()
        if len(body) > MAX_BYTES:
            raise UnreachableAddress("The service's answer is longer than a megabyte.")
        response._content = body  # noqa: SLF001 what `requests` itself would have filled in, had it read all
        return response
