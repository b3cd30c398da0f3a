"""Quotas: how many requests a client may make in a minute (429), told by the fields of the IETF's draft on rate limits.

The fields are those of draft-ietf-httpapi-ratelimit-headers-10. A quota is the client's; capacity is ours: its lack is a 503.

Invariant: every answer to a request that was counted tells what is left.
"""

import math
from dataclasses import dataclass

from logos_pxl.service.context import RequestContext
from logos_pxl.service.gate.clients import quota_bucket
from logos_pxl.service.refusals import QuotaExceeded
from logos_pxl.service_settings import ServiceSettings
from logos_pxl.shared_state import RateDecision

WINDOW_S = 60


@dataclass(frozen=True, slots=True)
class Quota:
    """``per_minute`` requests for each client address, or for each signature key; ``policy`` is the field that says so."""

    enabled: bool
    per_minute: int
    by_key: bool
    policy: bytes

    @classmethod
    def of(cls, settings: ServiceSettings) -> "Quota":
        """The quota that ``settings`` names."""
        policy = b'"default";q=%d;w=%d' % (settings.rate_limit_per_minute, WINDOW_S)
        return cls(settings.rate_limit_enabled, settings.rate_limit_per_minute, settings.rate_limit_by == "key", policy)

    def bucket_of(self, context: RequestContext) -> str:
        """Whom a request is counted against."""
        if self._counts_key_of(context):
            return f"key:{context.key}"
        return f"address:{quota_bucket(context.client)}"

    def settle(self, context: RequestContext, decision: RateDecision) -> None:
        """Have the answer tell what is left. Raises QuotaExceeded when the request is one too many."""
        wait_s = math.ceil(decision.reset_s)
        context.response_headers = (
            (b"ratelimit-policy", self.policy),
            (b"ratelimit", b'"default";r=%d;t=%d' % (decision.remaining, wait_s)),
        )
        if not decision.allowed:
            whose = "this signature key" if self._counts_key_of(context) else "this client address"
            raise QuotaExceeded(
                f"{whose} may make {self.per_minute} requests in {WINDOW_S} s; go on in {wait_s} s", retry_after_s=decision.reset_s
            )

    def _counts_key_of(self, context: RequestContext) -> bool:
        return self.by_key and context.key is not None
