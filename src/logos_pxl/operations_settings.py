"""The settings of operators' commands: where the service is, how it is restarted, and how the local supervisor behaves."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator

from logos_pxl.variables import variable


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


class OperationsSettings(BaseModel):
    """What ``pxl ops`` and ``pxl up`` read; the service itself reads none of it."""

    # Where the service runs.
    ops_target: Annotated[Literal["local", "compose", "kubernetes"], BeforeValidator(_lower)] = variable(
        "local", "PXL_OPS_TARGET", "local (pxl up), compose (docker-compose) or kubernetes (kubectl)"
    )
    ops_url: str | None = variable(
        None, "PXL_OPS_URL", "the address of the service, such as http://127.0.0.1:8088, or nothing", pattern=r"^https?://[^/\s]+"
    )
    ops_service: str = variable(
        "pxl-prover",
        "PXL_OPS_SERVICE",
        "the name of the service in the compose file, or of its deployment in Kubernetes",
        pattern=r"^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$",
    )
    ops_namespace: str | None = variable(
        None, "PXL_OPS_NAMESPACE", "the namespace of the deployment in Kubernetes, or nothing", pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"
    )

    # What is kept.
    backup_dir: Path = variable(Path("backups"), "PXL_BACKUP_DIR", "the folder for backups; it is made when missing")
    export_dir: Path = variable(Path("exports"), "PXL_EXPORT_DIR", "the folder for exported states; it is made when missing")
    keep_days: float = variable(
        30, "PXL_KEEP_DAYS", "days that backups and archived logs are kept, more than 0 and at most 36500", gt=0, le=36_500
    )

    # The local supervisor.
    restart_delay_s: float = variable(
        1, "PXL_RESTART_DELAY_S", "seconds before a service that died is started again the first time, from 0.01 to 3600", ge=0.01, le=3600
    )
    restart_delay_max_s: float = variable(
        60, "PXL_RESTART_DELAY_MAX_S", "the longest delay before it is started again, in seconds, from 0.01 to 86400", ge=0.01, le=86_400
    )
    restart_reset_s: float = variable(
        60,
        "PXL_RESTART_RESET_S",
        "seconds in which the service was ready, after which the next delay is the first, from 0.1 to 86400",
        ge=0.1,
        le=86_400,
    )
    start_timeout_s: float = variable(
        120, "PXL_START_TIMEOUT_S", "seconds until the service must be ready after its start, from 1 to 3600", ge=1, le=3600
    )
    hung_after_s: float = variable(
        30,
        "PXL_HUNG_AFTER_S",
        "seconds without an answer of /health/live after which the service is replaced, from 1 to 3600",
        ge=1,
        le=3600,
    )
