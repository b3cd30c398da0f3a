"""How long a request may take: what it asks for, within the server's cap."""

from logos_pxl.errors import TimeoutTooLong
from logos_pxl.settings import Settings


def request_budget_s(asked_ms: int | None, settings: Settings) -> float:
    """Seconds for a goal whose client waits. Raises TimeoutTooLong."""
    if asked_ms is None:
        return min(settings.default_timeout_ms, settings.max_timeout_ms) / 1000
    return _within(asked_ms, settings.max_timeout_ms, "PXL_MAX_TIMEOUT_MS")


def job_budget_s(asked_ms: int | None, settings: Settings) -> float:
    """Seconds for a job. Raises TimeoutTooLong."""
    if asked_ms is None:
        return settings.job_max_timeout_ms / 1000
    return _within(asked_ms, settings.job_max_timeout_ms, "PXL_JOB_MAX_TIMEOUT_MS")


def _within(asked_ms: int, most_ms: int, variable: str) -> float:
    if asked_ms > most_ms:
        raise TimeoutTooLong(f"timeout_ms is {asked_ms}; this server allows at most {most_ms} ({variable})")
    return asked_ms / 1000
