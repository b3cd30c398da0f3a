"""The settings of work that nobody waits for on the spot: jobs and batches."""

from pydantic import BaseModel

from logos_pxl.variables import variable

_MIB = 1024 * 1024


class WorkloadSettings(BaseModel):
    """Bounds of jobs and batches. Their searches have threads of their own, so that they never keep a waiting client from one."""

    job_threads: int = variable(2, "PXL_JOB_THREADS", "a whole number of jobs that are worked on at once, from 1 to 64", ge=1, le=64)
    jobs_max: int = variable(
        1_000, "PXL_JOBS_MAX", "a whole number of jobs to hold, ended ones included, from 1 to 1000000", ge=1, le=1_000_000
    )
    jobs_max_bytes: int = variable(
        256 * _MIB, "PXL_JOBS_MAX_BYTES", "bytes of goals and results that jobs may hold, at least 1048576 (1 MiB)", ge=_MIB, le=1 << 40
    )
    job_ttl_s: float = variable(600, "PXL_JOB_TTL", "seconds that an ended job can still be asked for, from 1 to 604800", ge=1, le=604_800)
    job_max_timeout_ms: int = variable(
        600_000, "PXL_JOB_MAX_TIMEOUT_MS", "the largest timeout_ms of a job, and its default, from 1 to 86400000", ge=1, le=86_400_000
    )
    replica: str = variable(
        "",
        "PXL_REPLICA",
        "a name for this process among its replicas, of 1 to 63 letters, digits, dots and hyphens, beginning with a letter or a digit",
        pattern="^([A-Za-z0-9][A-Za-z0-9.-]{0,62})?$",
    )
    event_interval_s: float = variable(
        15, "PXL_EVENT_INTERVAL", "seconds between two keep-alive comments in a stream of events, from 0.1 to 3600", ge=0.1, le=3600
    )
    batch_threads: int = variable(
        2, "PXL_BATCH_THREADS", "a whole number of goals of batches that are worked on at once, from 1 to 64", ge=1, le=64
    )
    batch_max_goals: int = variable(1_000, "PXL_BATCH_MAX_GOALS", "a whole number of goals in a batch, from 1 to 100000", ge=1, le=100_000)
    batch_timeout_s: float = variable(
        600, "PXL_BATCH_TIMEOUT", "seconds that a batch may take as a whole, from 1 to 86400", ge=1, le=86_400
    )
