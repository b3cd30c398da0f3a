"""The guard's signature check, with a clock that the test moves."""

from typing import Any

import pytest
from clocks import Clock

from logos_pxl.service.context import RequestContext
from logos_pxl.service.gate.clients import KeyRing
from logos_pxl.service.gate.guard import Signatures
from logos_pxl.service.problems import Unauthenticated
from logos_pxl.shared_state.local import LocalState
from logos_pxl.wire.signing import WINDOW_S, Refusal, signed_headers

KEY = "1f" * 32
BODY = b'{"goal": "A -> A"}'


class Signed:
    """Checks requests at the time of ``clock``."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.clock.now = 1_700_000_000.0
        state = LocalState(clock=self.clock)
        keys = KeyRing({"current": bytes.fromhex(KEY)})
        self.signatures = Signatures(keys, state, max_body_bytes=1000, body_timeout_s=1, clock=self.clock)

    async def refusal(self, headers: dict[str, str], *, body: bytes = BODY, target: bytes = b"/prove") -> Refusal | None:
        """Why a request with these headers is refused; ``None`` when it is accepted."""

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        pairs = [(name.lower().encode(), value.encode()) for name, value in {**headers, "Content-Length": str(len(body))}.items()]
        context = RequestContext.create({"headers": pairs, "raw_path": target}, "-")
        try:
            assert await self.signatures.check("POST", receive, context) == ("current", body)
        except Unauthenticated as error:
            return error.refusal
        return None


@pytest.fixture
def signed() -> Signed:
    return Signed()


async def test_a_nonce_is_remembered_as_long_as_its_timestamp_is_accepted(signed: Signed) -> None:
    """A timestamp that is a window ahead is accepted for two windows, and at no moment twice."""
    ahead = int(signed.clock.now) + WINDOW_S
    headers = signed_headers(KEY, "POST", "/prove", BODY, timestamp_s=ahead)
    assert await signed.refusal(headers) is None
    accepted_for_s = 0
    while (refusal := await signed.refusal(headers)) is Refusal.REUSED:
        signed.clock.now += 1
        accepted_for_s += 1
    assert refusal is Refusal.WINDOW
    assert accepted_for_s == 2 * WINDOW_S + 1


async def test_another_body_or_target_is_not_what_was_signed(signed: Signed) -> None:
    """And its nonce can still be used by who signed."""
    headers = signed_headers(KEY, "POST", "/prove", BODY, timestamp_s=int(signed.clock.now))
    assert await signed.refusal(headers, body=BODY + b" ") is Refusal.INVALID
    assert await signed.refusal(headers, target=b"/prove?x") is Refusal.INVALID
    assert await signed.refusal(headers) is None


@pytest.mark.parametrize("name", ["X-Timestamp", "X-Nonce", "X-Signature"])
async def test_a_signature_has_three_headers(signed: Signed, name: str) -> None:
    """Without one of them, or with an empty one, it is missing."""
    headers = signed_headers(KEY, "POST", "/prove", BODY, timestamp_s=int(signed.clock.now))
    assert await signed.refusal({**headers, name: ""}) is Refusal.MISSING
    del headers[name]
    assert await signed.refusal(headers) is Refusal.MISSING


@pytest.mark.parametrize(("name", "value"), [("X-Nonce", "short"), ("X-Nonce", "a" * 65), ("X-Nonce", "\u00e9" * 16)])
async def test_what_cannot_be_signed_is_refused(signed: Signed, name: str, value: str) -> None:
    """Whatever stands for the signature."""
    headers = signed_headers(KEY, "POST", "/prove", BODY, timestamp_s=int(signed.clock.now))
    assert await signed.refusal({**headers, name: value}) is Refusal.INVALID
