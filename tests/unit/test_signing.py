"""The signature: what is signed, and that nothing else passes for it."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from logos_pxl.service.gate import KeyRing
from logos_pxl.wire.signing import NotSignable, canonical_string, key_of_hex, signature, signed_headers

KEY = bytes(range(32))
DOCS = Path(__file__).parents[2] / "docs" / "signed-requests.md"

methods = st.sampled_from(["GET", "POST", "DELETE", "HEAD", "PUT"])
targets = st.from_regex(r"/[!-~]{0,40}", fullmatch=True)
timestamps = st.integers(1_000_000_000, 9_999_999_999).map(str)
nonces = st.from_regex(r"[A-Za-z0-9_-]{16,64}", fullmatch=True)
bodies = st.binary(max_size=64)
requests = st.tuples(methods, targets, timestamps, nonces, bodies)
anything = st.tuples(st.text(max_size=20), st.text(max_size=40), st.text(max_size=20), st.text(max_size=40), st.binary(max_size=40))


def accepts(key: bytes, request_parts: tuple, given_signature: str) -> bool:  # type: ignore[type-arg]
    """Whether the service takes the signature for that of the request."""
    return KeyRing({"current": key}).key_of(canonical_string(*request_parts), given_signature.encode("utf-8", "surrogatepass")) == "current"


def independently(key: bytes, request_parts: tuple[str, str, str, str, bytes]) -> str:
    """The signature as docs/signed-requests.md defines it, with the hash alone (RFC 2104)."""
    method, target, timestamp, nonce, body = request_parts
    text = "\n".join((method, target, timestamp, nonce, hashlib.sha256(body).hexdigest()))
    padded = (key if len(key) <= 64 else hashlib.sha256(key).digest()).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded) + text.encode()).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in padded) + inner).hexdigest()


@given(requests, requests)
def test_different_requests_are_signed_differently(one: tuple, other: tuple) -> None:  # type: ignore[type-arg]
    """No part can be moved into another: the canonical string tells them apart."""
    assume(one != other)
    assert canonical_string(*one) != canonical_string(*other)


@given(requests, st.data())
def test_each_part_counts(request_parts: tuple, data: st.DataObject) -> None:  # type: ignore[type-arg]
    """With any one part changed the signature is another one."""
    place = data.draw(st.integers(0, 4))
    changed = data.draw([methods, targets, timestamps, nonces, bodies][place])
    assume(changed != request_parts[place])
    other = (*request_parts[:place], changed, *request_parts[place + 1 :])
    assert not accepts(KEY, other, signature(KEY, canonical_string(*request_parts)))


@given(requests, st.binary(min_size=32, max_size=64), st.binary(min_size=32, max_size=64))
def test_only_the_key_that_signed_fits(request_parts: tuple, one: bytes, other: bytes) -> None:  # type: ignore[type-arg]
    """Whatever the other key is."""
    right = signature(one, canonical_string(*request_parts))
    assert accepts(one, request_parts, right)
    # HMAC fills short keys with zeros: those two are one key.
    assume(one.rstrip(b"\0") != other.rstrip(b"\0"))
    assert not accepts(other, request_parts, right)


@given(requests, st.text(max_size=80))
def test_no_text_is_a_signature_by_chance(request_parts: tuple, text: str) -> None:  # type: ignore[type-arg]
    """Also text that is not ASCII is only wrong."""
    assume(text != signature(KEY, canonical_string(*request_parts)))
    assert not accepts(KEY, request_parts, text)


@given(anything)
def test_what_cannot_be_written_unambiguously_is_refused(request_parts: tuple) -> None:  # type: ignore[type-arg]
    """Whatever is accepted has five lines, of the forms that the format gives them."""
    try:
        canonical = canonical_string(*request_parts)
    except NotSignable:
        return
    method, target, timestamp, nonce, digest = canonical.decode("ascii").split("\n")
    assert (method, target, timestamp, nonce) == request_parts[:4]
    assert digest == hashlib.sha256(request_parts[4]).hexdigest()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, "post"),
        (0, "POST\n"),
        (0, ""),
        (1, "prove"),
        (1, "/a\nb"),
        (1, "/a b"),
        (1, "/\u00e9"),
        (2, "0123456789"),
        (2, "1e9"),
        (2, ""),
        (3, "short"),
        (3, "a" * 65),
        (3, "a" * 16 + "\n"),
        (3, "a" * 16 + ","),
    ],
)
def test_forms_are_exact(place: int, value: str) -> None:
    """To the last character: a line feed at the end is none of it."""
    parts = ["POST", "/prove", "1700000000", "0123456789abcdef", b""]
    parts[place] = value
    with pytest.raises(NotSignable):
        canonical_string(*parts)  # type: ignore[arg-type]


@given(requests, st.binary(min_size=32, max_size=100))
def test_the_signature_is_plain_hmac(request_parts: tuple, key: bytes) -> None:  # type: ignore[type-arg]
    """An independent computation from the document gives the same."""
    assert signature(key, canonical_string(*request_parts)) == independently(key, request_parts)


def test_the_key_that_fits_is_named() -> None:
    """The first of several; none when there is none."""
    canonical = canonical_string("POST", "/prove", "1700000000", "0123456789abcdef", b"")
    made = signature(KEY, canonical).encode()
    assert KeyRing({"current": b"another key", "new": KEY, "old": KEY}).key_of(canonical, made) == "new"
    assert KeyRing({"current": b"another key"}).key_of(canonical, made) is None
    assert KeyRing({"current": KEY}).key_of(canonical, made[:-1]) is None
    assert KeyRing({"current": KEY}).key_of(canonical, made.upper()) is None
    assert KeyRing({}).key_of(canonical, made) is None


@pytest.mark.parametrize("text", ["", "00" * 31, "0" * 63, "zz" * 32, " " + "00" * 32, "00" * 32 + "\n", "\u0660" * 64])
def test_a_key_has_256_bits_in_hexadecimal(text: str) -> None:
    """The message does not show it."""
    with pytest.raises(ValueError, match=r"hexadecimal digits|bits") as wrong:
        key_of_hex(text)
    assert not text.strip() or text not in str(wrong.value)


def test_each_call_makes_another_nonce() -> None:
    """And takes the time of now."""
    made = [signed_headers("00" * 32, "GET", "/jobs/1") for _ in range(100)]
    assert len({headers["X-Nonce"] for headers in made}) == 100
    assert {tuple(sorted(headers)) for headers in made} == {("X-Nonce", "X-Signature", "X-Timestamp")}


def test_a_client_needs_nothing_of_the_service() -> None:
    """The module loads nothing but the standard library."""
    script = "import sys, json, logos_pxl.wire.signing; print(json.dumps([m for m in sys.modules if 'logos_pxl' in m or 'pydantic' in m]))"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert set(json.loads(ran.stdout)) == {"logos_pxl", "logos_pxl.wire", "logos_pxl.wire.signing"}


def vectors() -> list[dict[str, str]]:
    """The test vectors of docs/signed-requests.md."""
    found = re.search(r"```json\n(\[.*?\])\n```", DOCS.read_text(), re.DOTALL)
    assert found is not None
    made: list[dict[str, str]] = json.loads(found[1])
    return made


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector["target"])
def test_the_documents_vectors_are_true(vector: dict[str, str]) -> None:
    """Whoever writes a client can check it against them."""
    body = vector["body"].encode()
    canonical = canonical_string(vector["method"], vector["target"], vector["timestamp"], vector["nonce"], body)
    assert canonical.decode() == vector["canonical"]
    assert signature(key_of_hex(vector["key"]), canonical) == vector["signature"]


def test_the_documents_shell_example_gives_the_first_vector() -> None:
    """With openssl, as it stands."""
    found = re.search(r"```bash\n(KEY=.*?)\n```", DOCS.read_text(), re.DOTALL)
    assert found is not None
    ran = subprocess.run(["bash", "-euo", "pipefail", "-c", found[1]], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == vectors()[0]["signature"]
