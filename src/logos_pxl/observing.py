"""The observer interface: the parts of the service report events to it.

Invariant: an observer never raises, blocks or awaits. A call takes microseconds and never changes an answer. No event contains a goal's
text, a key or an address.

``runtime.py`` passes one observer to every part that it opens; a part that is used alone gets a ``NullObserver``. All methods are called on
the event loop's thread.
"""

from typing import Literal

from logos_pxl.kernel import PoolEvent

Stage = Literal["parse", "cache", "queue", "search", "kernel", "store"]
"""The stages of deciding a goal. ``queue`` is the wait for a search thread and for a session; ``verdict`` reports the total."""

CacheOutcome = Literal["hit", "prefetch_hit", "miss", "joined"]
"""How a look-up ended: the goal is stored; an equivalent goal is; neither; or the same goal is being decided already (single flight)."""

Eviction = Literal["expired", "entries", "bytes", "kernel"]
"""Why an entry left the cache: too old, too many entries, too many bytes, or made by another kernel."""

RedisState = Literal["local", "redis", "redis-lost"]
"""Where shared state is kept: in this process by configuration, in Redis, or in this process because Redis is unavailable."""

HmacKey = Literal["current", "new", "old"]
"""Which of the configured keys a signature was made with."""

JobEvent = Literal["created", "finished", "cancelled", "failed", "expired", "refused"]
"""What happens to an asynchronous job."""


class Observer:
    """Receives events. The methods do nothing; a subclass overrides those that it needs."""

    # Goals.

    def stage(self, stage: Stage, seconds: float) -> None:
        """A goal spent ``seconds`` in a stage."""

    def verdict(self, kind: str, reason: str | None, *, verified: bool, seconds: float) -> None:
        """A well-formed goal that was accepted has its verdict (``VerdictKind``, ``UnknownReason``), ``seconds`` after it was asked.

        Reported once for each goal asked, also when the verdict came from the cache. ``verified``: Coq's
        kernel accepted it.
        """

    def abandoned(self) -> None:
        """The client of an accepted goal disconnected, or cancelled it, before there was a verdict."""

    def rejected(self, reason: str) -> None:
        """A request was refused before anything was decided; ``reason`` is the ``code`` of its ``PxlError`` or of its problem type."""

    def kernel_accepted(self) -> None:
        """Coq's kernel has just accepted a certificate (and no cache gave the verdict)."""

    def soundness_alarm(self) -> None:
        """Search and kernel disagreed."""

    # The cache.

    def cache(self, outcome: CacheOutcome) -> None:
        """A goal was looked up."""

    def cache_entry_refused(self) -> None:
        """What shared state held for a goal was not used: it was malformed, or the kernel refused it."""

    def cache_evicted(self, cause: Eviction, entries: int = 1) -> None:
        """Entries left the cache."""

    # Sessions, jobs.

    def pool_event(self, event: PoolEvent) -> None:
        """A session started, was replaced, or did not start."""

    def job(self, event: JobEvent) -> None:
        """Something happened to an asynchronous job."""

    def jobs_held(self, *, running: int, finished: int) -> None:
        """How many jobs there are now."""

    def batch(self, goals: int) -> None:
        """A batch of so many goals was accepted."""

    def canary(self, name: str, failed_step: str | None, *, seconds: float) -> None:
        """A canary was decided, or failed at a step, after ``seconds``."""

    # Clients.

    def authenticated(self, key: HmacKey) -> None:
        """A signature was right, with this key."""

    def authentication_failed(self, reason: str) -> None:
        """A request was refused for its signature; ``reason`` is a short name in kebab case, such as ``nonce-reused``."""

    def rate_limited(self) -> None:
        """A client passed its quota."""

    # The process.

    def redis(self, state: RedisState) -> None:
        """Where shared state is kept from now on; reported at the start and at each change."""

    def redis_failed(self, operation: str) -> None:
        """One operation on Redis failed and was done without it; ``operation`` is a short fixed name, such as ``claim_nonce``."""

    def reloaded(self, *, succeeded: bool) -> None:
        """The configuration was read again."""

    def performance_not_written(self) -> None:
        """The file of the endpoints' figures could not be written."""


class NullObserver(Observer):
    """Ignores all events."""
