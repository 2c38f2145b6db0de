"""How released files go up to Google and Azure: in parts, whole or not at all, through the clients' own protocols.

The far ends here speak just enough of Google's resumable uploads and Azure's block blobs to put a file together;
whether they would have let us in, they do not ask.
"""

import base64
import gc
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import google_crc32c
import pytest
from azure.storage.blob import BlobServiceClient
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client

from webapp.azure_storage import SyntheticContainer
from webapp.google_storage import SyntheticGoogleBucket
from webapp.synthetic_storage import PART_BYTES

NAME = "sets/7/set.zip"


class FarEnd(BaseHTTPRequestHandler):
    """Either store, told apart by what is asked."""

    objects: dict[str, bytes]
    waiting: dict[str, bytes]
    sizes: list[int]

    def do_POST(self) -> None:
        self._body()
        name = parse_qs(urlsplit(self.path).query).get("name", [""])[0] or NAME
        self._answer(200, Location=f"http://{self.headers['Host']}/session/{name}")

    def do_PUT(self) -> None:
        data, query = self._body(), parse_qs(urlsplit(self.path).query)
        if self.path.startswith("/session/"):
            self._google(self.path.removeprefix("/session/"), data)
        elif query.get("comp") == ["block"]:
            self.sizes.append(len(data))
            self.waiting[query["blockid"][0]] = data
            self._answer(201)
        elif query.get("comp") == ["blocklist"]:
            blocks = re.findall(r"<Latest>(.*?)</Latest>", data.decode())
            self.objects[NAME] = b"".join(self.waiting[block] for block in blocks)
            self._answer(201)
        else:
            self.sizes.append(len(data))
            self.objects[NAME] = data
            self._answer(201)

    def do_DELETE(self) -> None:
        self._answer(499)

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def _google(self, name: str, data: bytes) -> None:
        self.sizes.append(len(data))
        so_far = self.waiting[name] = self.waiting.get(name, b"") + data
        if self.headers["Content-Range"].endswith("/*"):
            self._answer(308, Range=f"bytes=0-{len(so_far) - 1}")
            return
        self.objects[name] = so_far
        checksum = base64.b64encode(google_crc32c.value(so_far).to_bytes(4, "big")).decode()
        self._answer(200, json.dumps({"name": name, "size": str(len(so_far)), "crc32c": checksum}).encode())

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body)), "Content-Type": "application/json"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def far_end() -> Iterator[tuple[type[FarEnd], str]]:
    handler = type("Handler", (FarEnd,), {"objects": {}, "waiting": {}, "sizes": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield handler, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(params=["google", "azure"])
def storage(request: pytest.FixtureRequest, far_end: tuple[type[FarEnd], str]) -> Iterator[Any]:
    url = far_end[1]
    if request.param == "google":
        made = SyntheticGoogleBucket(bucket_name="lobule-synthetic", project_id="p", credentials=AnonymousCredentials())
        made._client = Client("p", AnonymousCredentials(), client_options={"api_endpoint": url})
        yield made
        made._client.close()
    else:
        made = SyntheticContainer(account_name="hospital", account_key="a2V5", azure_container="lobule-synthetic")
        parts = {"max_block_size": PART_BYTES, "max_single_put_size": PART_BYTES}
        with BlobServiceClient(f"{url}/hospital", credential=None, **parts) as client:
            made._service_client = client
            yield made


def pieces(count: int) -> Iterator[bytes]:
    for number in range(count):
        yield hashlib.shake_128(bytes([number])).digest(2**20)


@pytest.mark.parametrize("megabytes", [0, 1, 8, 19])
def test_a_file_arrives_as_it_was_in_parts_of_bounded_size(
    storage: Any, far_end: tuple[type[FarEnd], str], megabytes: int
) -> None:
    storage.put(NAME, pieces(megabytes), "application/zip")

    assert far_end[0].objects == {NAME: b"".join(pieces(megabytes))}
    assert max(far_end[0].sizes, default=0) <= PART_BYTES


def test_an_upload_that_breaks_off_leaves_no_object(storage: Any, far_end: tuple[type[FarEnd], str]) -> None:
    def broken() -> Iterator[bytes]:
        yield from pieces(19)
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        storage.put(NAME, broken(), "application/zip")

    del storage
    gc.collect()  # Google's writer would otherwise finish what it has when it is forgotten
    assert far_end[0].objects == {}
