"""An OpenID Connect provider over real HTTP that lies on request; the tests' honest one was written by others."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

Claims = dict[str, Any]


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """What the provider tells. `lies` replace claims of the ID token (None leaves one out); the rest is honest."""

    port: int = 0
    published_key: rsa.RSAPrivateKey = field(default_factory=new_key)
    signing_key: rsa.RSAPrivateKey | None = None
    algorithm: str = "RS256"
    published_issuer: str = ""
    person: Claims = field(default_factory=dict)
    lies: Claims = field(default_factory=dict)
    user_info: Claims = field(default_factory=dict)
    asked: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)
    nonces: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def authorize(self, query: dict[str, list[str]]) -> str:
        """The address to which the browser is sent back, with a code."""
        code = f"code-{len(self.nonces)}"
        self.nonces[code] = (query.get("nonce", [""])[0], query["client_id"][0])
        return f"{query['redirect_uri'][0]}?{urlencode({'code': code, 'state': query['state'][0]})}"

    def tokens(self, form: dict[str, list[str]]) -> Claims:
        nonce, client_id = self.nonces.pop(form["code"][0])
        now = int(time.time())
        honest = {"iss": self.issuer, "aud": client_id, "nonce": nonce, "iat": now, "exp": now + 300, **self.person}
        claims = {name: value for name, value in {**honest, **self.lies}.items() if value is not None}
        key: Any = self.signing_key or self.published_key
        if self.algorithm.startswith("HS"):
            key = "a secret that the client also knows, forty characters"
        if self.algorithm == "none":
            key = None
        token = jwt.encode(claims, key, algorithm=self.algorithm, headers={"kid": "key-1"})
        return {"access_token": "access", "token_type": "Bearer", "expires_in": 300, "id_token": token}

    def documents(self) -> dict[str, Claims]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.published_key.public_key()))
        return {
            "/.well-known/openid-configuration": {
                "issuer": self.published_issuer or self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "jwks_uri": f"{self.issuer}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            },
            "/keys": {"keys": [{**public, "kid": "key-1", "use": "sig", "alg": "RS256"}]},
            "/userinfo": self.user_info,
        }


@contextmanager
def running() -> Iterator[Provider]:
    """A provider that answers on a port of its own."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append((parts.path, parse_qs(parts.query)))
            if parts.path == "/moved/.well-known/openid-configuration":
                self.send_response(302)
                self.send_header("Location", f"{provider.issuer}/.well-known/openid-configuration")
                self.end_headers()
                return
            document = provider.documents().get(parts.path)
            self._answer(document if document is not None else {"error": "not found"}, 200 if document else 404)

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            provider.asked.append((self.path, form))
            self._answer(provider.tokens(form), 200)

        def _answer(self, document: Claims, status: int) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
