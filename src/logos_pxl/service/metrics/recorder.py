"""The observer of a serving process: turns events into metrics.

Invariant: no method raises or waits. Every event changes the metrics; verdicts and failures also change the indicators and the condition in
``/health``.
"""

from collections.abc import Iterable
from typing import get_args

from prometheus_client import Counter

from logos_pxl.kernel import Cause, PoolEvent, SessionReplaced, SessionStarted, SessionStartFailed
from logos_pxl.observing import CacheOutcome, Eviction, HmacKey, JobEvent, Observer, RedisState, Stage
from logos_pxl.proving import UnknownReason, VerdictKind
from logos_pxl.proving.canaries import CanaryStep
from logos_pxl.service.condition import Condition
from logos_pxl.service.metrics.instruments import Instruments
from logos_pxl.service.metrics.kpis import Kpis
from logos_pxl.wire.signing import Refusal

TOO_MANY_CONNECTIONS = "too-many-connections"
OUR_REJECTIONS = (TOO_MANY_CONNECTIONS, "overloaded", "storage-unavailable", "nonces-full", "internal")
"""Refusals that are the service's fault; the service level objective counts them."""

_OUR_REASONS = (UnknownReason.KERNEL_UNAVAILABLE, UnknownReason.KERNEL_REJECTED, UnknownReason.OVERLOADED)


class Recorder(Observer):
    """Changes ``instruments``, ``kpis`` and ``condition``."""

    def __init__(self, instruments: Instruments, kpis: Kpis, condition: Condition) -> None:
        self._on = instruments
        self._kpis = kpis
        self._condition = condition
        # Looked up once: a labelled child costs more to find than to count.
        self._stages = {stage: instruments.stage_seconds.labels(stage) for stage in get_args(Stage)}
        self._total = instruments.stage_seconds.labels("total")
        self._verdicts = {kind.value: instruments.verdicts.labels(kind.value) for kind in VerdictKind}
        self._unknown = {reason.value: instruments.unknown.labels(reason.value) for reason in UnknownReason}
        self._authentications = {key: instruments.authentications.labels(key) for key in get_args(HmacKey)}
        self._show_from_the_start()

    def _show_from_the_start(self) -> None:
        """Create the series of all known labels: a series that appears with its first event shows no increase."""
        on = self._on
        labels: tuple[tuple[Counter, Iterable[str]], ...] = (
            (on.session_replacements, Cause),
            (on.cache_evictions, get_args(Eviction)),
            (on.jobs, get_args(JobEvent)),
            (on.authentications, get_args(HmacKey)),
            (on.canary_failures, get_args(CanaryStep)),
            (on.reloads, ("succeeded", "failed")),
            (on.authentication_failures, [refusal.code for refusal in Refusal]),
            (on.rejections, OUR_REJECTIONS),
        )
        for counter, values in labels:
            for value in values:
                counter.labels(value)
        for state in get_args(RedisState):
            on.shared_state.labels(state).set(state == "local")

    def stage(self, stage: Stage, seconds: float) -> None:
        """A goal spent ``seconds`` in a stage."""
        self._stages[stage].observe(seconds)

    def verdict(self, kind: str, reason: str | None, *, verified: bool, seconds: float) -> None:
        """A goal has its verdict. A goal for which there was no room was not accepted, so the indicators omit it."""
        self._verdicts[kind].inc()
        if reason is not None:
            self._unknown[reason].inc()
            if reason in _OUR_REASONS:
                self._condition.failed(reason)
        if reason != UnknownReason.OVERLOADED:
            self._total.observe(seconds)
            self._kpis.goal(verified=verified, seconds=seconds)

    def abandoned(self) -> None:
        """A client went away."""
        self._on.abandoned.inc()

    def rejected(self, reason: str) -> None:
        """A request was refused. A refused connection is the service's failure and reaches no other counter."""
        self._on.rejections.labels(reason).inc()
        if reason == TOO_MANY_CONNECTIONS:
            self._condition.failed(reason)

    def kernel_accepted(self) -> None:
        """The kernel accepted a certificate."""
        self._condition.kernel_checked()

    def soundness_alarm(self) -> None:
        """Search and kernel disagreed."""
        self._on.soundness_alarms.inc()

    def cache(self, outcome: CacheOutcome) -> None:
        """A goal was looked up."""
        answered = outcome != "miss"
        (self._on.cache_hits if answered else self._on.cache_misses).inc()
        if outcome == "prefetch_hit":
            self._on.cache_prefetch_hits.inc()
        elif outcome == "joined":
            self._on.cache_joined.inc()
        self._kpis.lookup(answered=answered)

    def cache_evicted(self, cause: Eviction, entries: int = 1) -> None:
        """Entries left the cache."""
        self._on.cache_evictions.labels(cause).inc(entries)

    def cache_entry_refused(self) -> None:
        """An entry of the shared cache was malformed or refused."""
        self._on.cache_refused.inc()

    def pool_event(self, event: PoolEvent) -> None:
        """A session started, was replaced, or did not start."""
        match event:
            case SessionStarted():
                self._on.session_starts.inc()
                self._on.session_start_seconds.observe(event.start_ms / 1000)
            case SessionReplaced():
                self._on.session_replacements.labels(event.cause.value).inc()
            case SessionStartFailed():
                self._on.session_start_failures.inc()

    def job(self, event: JobEvent) -> None:
        """The state of a job changed."""
        self._on.jobs.labels(event).inc()

    def jobs_held(self, *, running: int, finished: int) -> None:
        """The number of jobs."""
        self._on.jobs_held.labels("running").set(running)
        self._on.jobs_held.labels("finished").set(finished)

    def batch(self, goals: int) -> None:
        """A batch was accepted."""
        self._on.batches.inc()
        self._on.batch_goals.inc(goals)

    def canary(self, name: str, failed_step: str | None, *, seconds: float) -> None:
        """A canary was decided, or failed."""
        if failed_step is None:
            self._on.canary_seconds.labels(name).observe(seconds)
        else:
            self._on.canary_failures.labels(failed_step).inc()

    def authenticated(self, key: HmacKey) -> None:
        """A signature was right."""
        self._authentications[key].inc()

    def authentication_failed(self, reason: str) -> None:
        """A signature was refused."""
        self._on.authentication_failures.labels(reason).inc()

    def rate_limited(self) -> None:
        """A client passed its quota."""
        self._on.rate_limited.inc()

    def redis(self, state: RedisState) -> None:
        """Shared state is kept here from now on."""
        self._condition.redis_state = state
        for one in get_args(RedisState):
            self._on.shared_state.labels(one).set(one == state)

    def redis_failed(self, operation: str) -> None:
        """An operation on Redis failed."""
        self._on.redis_failures.labels(operation).inc()

    def reloaded(self, *, succeeded: bool) -> None:
        """The configuration was read again."""
        self._on.reloads.labels("succeeded" if succeeded else "failed").inc()

    def performance_not_written(self) -> None:
        """performance.json could not be written."""
        self._on.performance_write_failures.inc()
