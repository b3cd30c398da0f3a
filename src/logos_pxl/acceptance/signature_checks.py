"""Signed requests, where the service demands them."""

import json
import secrets
import time
from collections.abc import Callable, Iterator

from logos_pxl.acceptance.checks import Check, Skipped, demand, document, problem
from logos_pxl.acceptance.service import Answer, Service
from logos_pxl.wire.signing import WINDOW_S, signed_headers

_UNAUTHORIZED = 401
_BODY = json.dumps({"goal": "BOX(A -> A)"}).encode()
_JSON = {"Content-Type": "application/json"}


def signature_checks() -> Iterator[Check]:
    """All of them."""
    yield _check("an unsigned request is refused", _unsigned)
    yield _check("a signature by another key is refused", _wrong_key)
    yield _check("a signature for another body, path or method is refused", _tampered)
    yield _check("a timestamp outside the window is refused", _old)
    yield _check("a nonce is good once", _replayed)


def demands_signatures(service: Service) -> bool:
    """Whether an unsigned goal is refused for its signature."""
    return service.ask("POST", "/prove", body=_BODY, headers=_JSON, sign=False).status == _UNAUTHORIZED


def _check(name: str, run: Callable[[Service, str], str]) -> Check:
    def with_key(service: Service) -> str:
        if service.key is None or not demands_signatures(service):
            raise Skipped("this service demands no signatures")
        return run(service, service.key)

    return Check("signatures", name, with_key)


def _sent(service: Service, headers: dict[str, str], *, method: str = "POST", path: str = "/prove", body: bytes = _BODY) -> Answer:
    return service.ask(method, path, body=body, headers={**_JSON, **headers}, sign=False)


def _refused(answer: Answer, reason: str) -> None:
    found = problem(answer, _UNAUTHORIZED, "unauthenticated")
    demand(found["detail"] == reason, f"expected the reason {reason!r}, found {found['detail']!r}")


def _unsigned(service: Service, _: str) -> str:
    _refused(_sent(service, {}), "Missing signature")
    return ""


def _wrong_key(service: Service, _: str) -> str:
    _refused(_sent(service, signed_headers(secrets.token_hex(32), "POST", service.target("/prove"), _BODY)), "Invalid signature")
    return ""


def _tampered(service: Service, key: str) -> str:
    def signed() -> dict[str, str]:
        return signed_headers(key, "POST", service.target("/prove"), _BODY)

    _refused(_sent(service, signed(), body=_BODY.replace(b"A -> A", b"A -> B")), "Invalid signature")
    _refused(_sent(service, signed(), path="/countermodel"), "Invalid signature")
    _refused(_sent(service, signed(), path="/prove?x=1"), "Invalid signature")
    _refused(_sent(service, signed(), method="PUT"), "Invalid signature")
    _refused(_sent(service, {**signed(), "X-Nonce": secrets.token_hex(16)}), "Invalid signature")
    return ""


def _old(service: Service, key: str) -> str:
    for ahead_s in (-WINDOW_S - 30, WINDOW_S + 30):
        signed = signed_headers(key, "POST", service.target("/prove"), _BODY, timestamp_s=int(time.time()) + ahead_s)
        _refused(_sent(service, signed), "Timestamp outside window")
    return ""


def _replayed(service: Service, key: str) -> str:
    signed = signed_headers(key, "POST", service.target("/prove"), _BODY)
    demand(document(_sent(service, signed)).get("ok") is True, "a rightly signed request was refused")
    _refused(_sent(service, signed), "Nonce reused")
    return ""
