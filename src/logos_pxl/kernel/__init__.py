"""The Coq kernel in warm sessions: protocol, session, pool and identity. Knows goals and certificates only as bytes."""

from logos_pxl.kernel.identity import KernelIdentity
from logos_pxl.kernel.interface import CheckKind, Session, SessionOpener, SessionUsage
from logos_pxl.kernel.pool import KernelVerdict, PoolStats, SessionPool
from logos_pxl.kernel.session import coq_sessions
from logos_pxl.kernel.warm_sessions import Cause, PoolEvent, SessionReplaced, SessionStarted, SessionStartFailed

__all__ = [
    "Cause",
    "CheckKind",
    "KernelIdentity",
    "KernelVerdict",
    "PoolEvent",
    "PoolStats",
    "Session",
    "SessionOpener",
    "SessionPool",
    "SessionReplaced",
    "SessionStartFailed",
    "SessionStarted",
    "SessionUsage",
    "coq_sessions",
]
