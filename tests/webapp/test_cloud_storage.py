"""Google's and Azure's stores, as far as nobody has to be asked: settings, refusals and real signatures.

Links are signed with keys made here, and checked as the stores' documentation says that the stores check them.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, SuspiciousFileOperation
from django.core.files.storage import storages
from django.test import override_settings

from webapp.azure_storage import Pieces
from webapp.storage import SIGNED_URL_SECONDS, aliases
from webapp.synthetic_storage import in_parts

NAME = "sets/7/set.zip"
ACCOUNT_KEY = base64.b64encode(b"a key of an account that there is not").decode()


@pytest.fixture(scope="module")
def service_account() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def google(tmp_path: Path, service_account: rsa.RSAPrivateKey) -> Iterator[None]:
    key = tmp_path / "account.json"
    pem = service_account.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    account = {
        "type": "service_account",
        "project_id": "hospital-project",
        "private_key": pem.decode(),
        "client_email": "lobule@hospital-project.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    key.write_text(json.dumps(account))
    with override_settings(STORAGES=aliases(f"gs://hospital?credentials_file={key}")):
        yield


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[None]:
    key = tmp_path / "account-key"
    key.write_text(ACCOUNT_KEY + "\n")
    with override_settings(STORAGES=aliases(f"azure://hospital/lobule?key_file={key}")):
        yield


def is_signed_for_google(url: str, key: rsa.RSAPublicKey) -> bool:
    """Google's V4 signing process: RSA-SHA256 over the canonical request's digest."""
    parts = urlsplit(url)
    given = parse_qs(parts.query, strict_parsing=True)
    signature = bytes.fromhex(given.pop("X-Goog-Signature")[0])
    query = "&".join(f"{quote(name, safe='')}={quote(given[name][0], safe='')}" for name in sorted(given))
    request = f"GET\n{parts.path}\n{query}\nhost:{parts.netloc}\n\nhost\nUNSIGNED-PAYLOAD"
    day, scope = given["X-Goog-Date"][0], given["X-Goog-Credential"][0].partition("/")[2]
    signed = f"GOOG4-RSA-SHA256\n{day}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    try:
        key.verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def is_signed_for_azure(url: str) -> bool:
    """Azure's service SAS of version 2020-12-06 and later: HMAC-SHA256 over its sixteen fields."""
    parts = urlsplit(url)
    given = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}
    resource = f"/blob/hospital{parts.path}"
    fields = ["sp", "st", "se", None, "si", "sip", "spr", "sv", "sr", "snapshot", "ses", "rscc", "rscd", "rsce", "rscl"]
    text = "\n".join(resource if field is None else given.get(field, "") for field in [*fields, "rsct"])
    expected = hmac.new(base64.b64decode(ACCOUNT_KEY), text.encode(), hashlib.sha256).digest()
    return hmac.compare_digest(base64.b64encode(expected).decode(), given["sig"])


def link(filename: str = "set.zip") -> str:
    storage: Any = storages["synthetic"]
    return str(storage.link(NAME, filename, SIGNED_URL_SECONDS))


@pytest.mark.usefixtures("google")
def test_google_links_are_signed_for_one_object_and_fifteen_minutes(service_account: rsa.RSAPrivateKey) -> None:
    url = link()

    assert urlsplit(url).path == f"/hospital-synthetic/{NAME}"
    given = parse_qs(urlsplit(url).query)
    assert given["X-Goog-Expires"] == [str(SIGNED_URL_SECONDS)] == ["900"]
    assert given["response-content-disposition"] == ['attachment; filename="set.zip"']
    key = service_account.public_key()
    assert is_signed_for_google(url, key)
    assert not is_signed_for_google(url.replace("Expires=900", "Expires=901"), key)
    assert not is_signed_for_google(url.replace("/sets/7/", "/sets/8/"), key)


@pytest.mark.usefixtures("azure")
def test_azure_links_are_signed_for_reading_one_blob_for_fifteen_minutes() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    url = link()

    assert urlsplit(url)[:3] == ("https", "hospital.blob.core.windows.net", f"/lobule-synthetic/{NAME}")
    given = parse_qs(urlsplit(url).query)
    assert (given["sp"], given["sr"]) == (["r"], ["b"])
    assert given["rscd"] == ['attachment; filename="set.zip"']
    lasts = datetime.fromisoformat(given["se"][0]) - before
    assert timedelta(seconds=SIGNED_URL_SECONDS) <= lasts <= timedelta(seconds=SIGNED_URL_SECONDS + 60)
    assert is_signed_for_azure(url)
    assert not is_signed_for_azure(url.replace("/sets/7/", "/sets/8/"))
    assert not is_signed_for_azure(url.replace("sp=r", "sp=w"))


@pytest.mark.parametrize("store", ["google", "azure"])
def test_patients_data_have_no_url_and_the_trail_is_not_deleted(store: str, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(store)

    with pytest.raises(SuspiciousFileOperation, match="never gives a URL"):
        storages["phi"].url(NAME)
    assert type(storages["default"]) is type(storages["phi"])
    with pytest.raises(PermissionDenied):
        storages["audit"].delete("digests/1.json")


def test_azure_of_another_cloud_has_its_own_address(tmp_path: Path) -> None:
    key = tmp_path / "account-key"
    key.write_text(ACCOUNT_KEY)
    url = f"azure://hospital/lobule?key_file={key}&endpoint_suffix=core.chinacloudapi.cn"
    with override_settings(STORAGES=aliases(url)):
        assert urlsplit(link()).netloc == "hospital.blob.core.chinacloudapi.cn"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("gs://", "bucket prefix and .credentials_file"),
        ("gs://hospital", "bucket prefix and .credentials_file"),
        ("gs://hospital?credentials_file=/nowhere/key.json", "service account's key in JSON .FileNotFoundError"),
        ("azure://hospital?key_file=/nowhere/key", "ACCOUNT/PREFIX"),
        ("azure://hospital/lobule", "ACCOUNT/PREFIX"),
        ("azure://hospital/lobule?key_file=/nowhere/key", "storage account's key .FileNotFoundError"),
        ("ftp://host/folder", "s3://…, gs://…, azure://… or file:///"),
    ],
)
def test_what_is_missing_stops_the_start_with_its_name(url: str, said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"STORAGE_URL: .*{said}"):
        aliases(url)


def test_a_key_that_is_none_stops_the_start_without_being_printed(tmp_path: Path) -> None:
    key = tmp_path / "account.json"
    key.write_text('{"private_key": "do-not-print-me"}')
    with pytest.raises(ImproperlyConfigured, match="service account's key") as stopped:
        aliases(f"gs://hospital?credentials_file={key}")
    assert "do-not-print-me" not in str(stopped.value)


def test_pieces_are_read_as_a_file_and_cut_into_parts_without_loss() -> None:
    pieces = [b"ab", b"", b"cdefg", b"h"]

    file = Pieces(pieces)
    assert [file.read(3), file.read(1), file.read(), file.read(2)] == [b"abc", b"d", b"efgh", b""]
    assert list(in_parts(pieces, 3)) == [b"abcdefg", b"h"]
    assert list(in_parts([], 3)) == [b""]
    assert list(in_parts([b"abc"], 3)) == [b"abc"]
