"""Quotas: how many requests a client may make in a minute (429), told by the fields of the IETF's draft on rate limits.

The fields are those of draft-ietf-httpapi-ratelimit-headers-10. A quota is the client's; capacity is ours: its lack is a 503.

Invariant: every answer to a request that counts tells what is left. Requests to open paths do not count.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from logos_pxl.observing import Observer
from logos_pxl.service.gate.arrivals import Arrival
from logos_pxl.service.gate.clients import quota_bucket
from logos_pxl.service.gate.signatures import OpenPaths
from logos_pxl.service.problems import problem_of
from logos_pxl.service.refusals import QuotaExceeded
from logos_pxl.service_settings import ServiceSettings
from logos_pxl.shared_state import SharedState

WINDOW_S = 60


@dataclass(frozen=True, slots=True)
class Quota:
    """``per_minute`` requests for each client address, or for each signature key."""

    enabled: bool
    per_minute: int
    by_key: bool

    @classmethod
    def of(cls, settings: ServiceSettings) -> "Quota":
        """The quota that ``settings`` names."""
        return cls(settings.rate_limit_enabled, settings.rate_limit_per_minute, settings.rate_limit_by == "key")


class Quotas:
    """The layer. ``quota`` may be replaced at any time."""

    def __init__(self, app: ASGIApp, quota: Quota, state: SharedState, observer: Observer, *, open_paths: Sequence[str]) -> None:
        self.quota = quota
        self._app = app
        self._state = state
        self._observer = observer
        self._open = OpenPaths(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on that is within its quota."""
        quota = self.quota
        if not quota.enabled or scope["type"] != "http" or self._open.allow(scope):
            await self._app(scope, receive, send)
            return
        arrival = Arrival.found_in(scope)
        decision = await self._state.take_token(_bucket(arrival, quota), quota.per_minute, WINDOW_S)
        wait_s = math.ceil(decision.reset_s)
        fields = [
            (b"ratelimit-policy", b'"default";q=%d;w=%d' % (quota.per_minute, WINDOW_S)),
            (b"ratelimit", b'"default";r=%d;t=%d' % (decision.remaining, wait_s)),
        ]

        async def with_fields(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *fields]
            await send(message)

        if decision.allowed:
            await self._app(scope, receive, with_fields)
            return
        arrival.remark = "over its quota"
        self._observer.rate_limited()
        self._observer.rejected(QuotaExceeded.code)
        whose = "this signature key" if quota.by_key and arrival.key else "this client address"
        error = QuotaExceeded(
            f"{whose} may make {quota.per_minute} requests in {WINDOW_S} s; go on in {wait_s} s", retry_after_s=decision.reset_s
        )
        await problem_of(error)(scope, receive, with_fields)


def _bucket(arrival: Arrival, quota: Quota) -> str:
    if quota.by_key and arrival.key is not None:
        return f"key:{arrival.key}"
    return f"address:{quota_bucket(arrival.client)}"
