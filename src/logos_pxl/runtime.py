"""Everything that decides goals, opened and closed in order.

Invariant: a ``Runtime`` is open for exactly as long as its ``async with`` block. Parts are closed in reverse order of opening, also when
opening fails half-way.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from logos_pxl_engine import Limits

from logos_pxl.draining import Draining
from logos_pxl.errors import ConfigurationError
from logos_pxl.kernel import KernelIdentity, SessionPool, coq_sessions
from logos_pxl.observing import NullObserver, Observer
from logos_pxl.proving import (
    Admission,
    CertificateStore,
    Find,
    Judge,
    PostMortems,
    ProofCache,
    Prover,
    SearchThreads,
    SoundnessAlarms,
    find,
)
from logos_pxl.proving.jobs import Jobs
from logos_pxl.proving.shared_proofs import MAX_ENTRY_BYTES, SharedProofs
from logos_pxl.proving.worker_queue import WorkerQueue
from logos_pxl.settings import Settings
from logos_pxl.shared_state import SharedState, open_shared_state


@dataclass(frozen=True, slots=True)
class Runtime:
    """The open parts.

    Handlers use ``prover``, ``jobs``, or, for many goals at once, ``batches``. ``certificates`` is ``None`` when none are stored;
    ``draining`` tells whether the service is ending.
    """

    settings: Settings
    identity: KernelIdentity
    goal_limits: Limits
    pool: SessionPool
    searches: SearchThreads
    prover: Prover
    judge: Judge
    alarms: SoundnessAlarms
    jobs: Jobs
    batches: WorkerQueue
    certificates: CertificateStore | None
    admission: Admission
    draining: Draining
    shared_state: SharedState
    observer: Observer

    @classmethod
    @asynccontextmanager
    async def open(
        cls, settings: Settings, *, keep: bool = True, find: Find = find, observer: Observer | None = None
    ) -> "AsyncIterator[Runtime]":
        """Open all parts; ``keep`` tells whether certificates are kept in ``PXL_DATA_DIR``, ``find`` is the search.

        ``observer`` receives events of the parts.

        Raises ConfigurationError when a part is not built or the data folder cannot be used, KernelUnavailable when no session starts.
        """
        async with AsyncExitStack() as stack:
            session = settings.session()
            observer = observer or NullObserver()
            certificates = _open_certificates(settings, stack) if keep else None
            post_mortems = PostMortems(
                settings.data_dir / "post-mortems", max_files=settings.post_mortems_max, max_bytes=settings.post_mortems_max_bytes
            )
            stack.callback(post_mortems.close)
            # Runs while the pool starts its sessions, for both take time. Its error says more than that of a pool that does not start.
            asking = asyncio.create_task(asyncio.to_thread(KernelIdentity.of, session))
            try:
                pool = await stack.enter_async_context(SessionPool(settings.pool(), coq_sessions(session), observer.pool_event))
            finally:
                identity = await asking
            searches = SearchThreads(find, threads=settings.search_threads, memory_bytes=settings.search_memory_bytes)
            stack.push_async_callback(searches.close)
            admission = Admission(at_once=settings.search_threads + settings.pool_size, waiting=settings.queue_limit)
            judge = Judge(pool, identity, statement_max_nodes=settings.statement_max_nodes)
            alarms = SoundnessAlarms(post_mortems, observer)
            shared_state = await stack.enter_async_context(_open_shared_state(settings, observer))
            prover = Prover(
                judge,
                searches,
                admission,
                cache=_cache(settings, observer),
                shared=SharedProofs(shared_state, kernel_hash=identity.kernel_hash, observer=observer),
                alarms=alarms,
                certificates=certificates,
                longest_s=max(settings.max_timeout_ms, settings.job_max_timeout_ms) / 1000,
                observer=observer,
            )
            stack.push_async_callback(prover.close)
            jobs = Jobs(
                WorkerQueue(prover, admission, workers=settings.job_threads),
                max_jobs=settings.jobs_max,
                max_bytes=settings.jobs_max_bytes,
                ttl_s=settings.job_ttl_s,
                replica=settings.replica,
                observer=observer,
            )
            stack.push_async_callback(jobs.close)
            yield cls(
                settings,
                identity,
                goal_limits(settings),
                pool,
                searches,
                prover,
                judge,
                alarms,
                jobs,
                WorkerQueue(prover, admission, workers=settings.batch_threads),
                certificates,
                admission,
                Draining(),
                shared_state,
                observer,
            )


def goal_limits(settings: Settings) -> Limits:
    """The parser's limits."""
    return Limits(
        max_bytes=settings.goal_max_bytes,
        max_depth=settings.goal_max_depth,
        max_atoms=settings.goal_max_atoms,
        max_nodes=settings.goal_max_nodes,
    )


def _cache(settings: Settings, observer: Observer) -> ProofCache:
    return ProofCache(
        ttl_s=settings.cache_ttl_s, max_entries=settings.cache_max_entries, max_bytes=settings.cache_max_bytes, observer=observer
    )


def _open_shared_state(settings: Settings, observer: Observer) -> AbstractAsyncContextManager[SharedState]:
    return open_shared_state(
        settings.redis_url.get_secret_value() if settings.redis_url else "",
        timeout_s=settings.redis_timeout_ms / 1000,
        max_entry_bytes=MAX_ENTRY_BYTES,
        observer=observer,
    )


def _open_certificates(settings: Settings, stack: AsyncExitStack) -> CertificateStore:
    folder = settings.data_dir / "certificates"
    try:
        store = CertificateStore(folder, max_files=settings.certificates_max, max_bytes=settings.certificates_max_bytes)
    except OSError as error:
        raise ConfigurationError(f"PXL_DATA_DIR={str(settings.data_dir)!r}: {folder} cannot be used: {error.strerror}") from error
    stack.callback(store.close)
    return store
