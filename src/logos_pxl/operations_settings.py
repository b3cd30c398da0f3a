"""The settings of operators' commands: where the service runs, and where backups go."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator

from logos_pxl.variables import variable


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


class OperationsSettings(BaseModel):
    """What ``pxl ops`` reads. The service itself reads none of it."""

    # Where the service runs.
    ops_target: Annotated[Literal["systemd", "supervisord", "compose", "kubernetes"], BeforeValidator(_lower)] = variable(
        "supervisord", "PXL_OPS_TARGET", "systemd, supervisord, compose (docker-compose) or kubernetes (kubectl)"
    )
    ops_url: str | None = variable(
        None, "PXL_OPS_URL", "the address of the service, such as http://127.0.0.1:8088, or nothing", pattern=r"^https?://[^/\s]+"
    )
    ops_service: str = variable(
        "pxl-prover",
        "PXL_OPS_SERVICE",
        "the name of the unit, program, compose service or deployment; of several replicas NAME=PORT,NAME=PORT",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*(=\d{1,5})?(,[A-Za-z0-9][A-Za-z0-9._@-]*(=\d{1,5})?)*$",
    )
    ops_namespace: str | None = variable(
        None, "PXL_OPS_NAMESPACE", "the namespace of the deployment in Kubernetes, or nothing", pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"
    )
    supervisord_conf: Path = variable(
        Path("deploy/supervisord.conf"), "PXL_SUPERVISORD_CONF", "the configuration file of supervisord, for PXL_OPS_TARGET=supervisord"
    )

    # What is kept.
    backup_dir: Path = variable(Path("backups"), "PXL_BACKUP_DIR", "the folder for backups; it is made when missing")
    export_dir: Path = variable(Path("exports"), "PXL_EXPORT_DIR", "the folder for exported states; it is made when missing")
    keep_days: float = variable(
        30, "PXL_KEEP_DAYS", "days that backups and archived logs are kept, more than 0 and at most 36500", gt=0, le=36_500
    )

    start_timeout_s: float = variable(
        120, "PXL_START_TIMEOUT_S", "seconds until the service must be ready after its start, from 1 to 3600", ge=1, le=3600
    )
