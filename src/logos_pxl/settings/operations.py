"""The settings of the operators' commands and of clients. The service itself reads none of them."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator

from logos_pxl.settings.declaring import setting


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


class OperationsSettings(BaseModel):
    """What ``pxl ops`` reads. The service itself reads none of it."""

    # Where the service runs.
    ops_target: Annotated[Literal["systemd", "supervisord", "compose", "kubernetes"], BeforeValidator(_lower)] = setting(
        "supervisord", "PXL_OPS_TARGET", "systemd, supervisord, compose (docker-compose) or kubernetes (kubectl)"
    )
    ops_url: str | None = setting(
        None, "PXL_OPS_URL", "the address of the service, such as http://127.0.0.1:8088, or nothing", pattern=r"^https?://[^/\s]+"
    )
    ops_service: str = setting(
        "pxl-prover",
        "PXL_OPS_SERVICE",
        "the name of the unit, program, compose service or deployment; of several replicas NAME=PORT,NAME=PORT",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*(=\d{1,5})?(,[A-Za-z0-9][A-Za-z0-9._@-]*(=\d{1,5})?)*$",
    )
    ops_namespace: str | None = setting(
        None, "PXL_OPS_NAMESPACE", "the namespace of the deployment in Kubernetes, or nothing", pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"
    )
    supervisord_conf: Path = setting(
        Path("deploy/supervisord.conf"), "PXL_SUPERVISORD_CONF", "the configuration file of supervisord, for PXL_OPS_TARGET=supervisord"
    )

    prometheus_url: str | None = setting(
        None, "PXL_PROMETHEUS_URL", "the address of Prometheus, such as http://127.0.0.1:9090, or nothing", pattern=r"^https?://[^/\s]+"
    )

    # What is kept.
    backup_dir: Path = setting(Path("backups"), "PXL_BACKUP_DIR", "the folder for backups; it is made when missing")
    export_dir: Path = setting(Path("exports"), "PXL_EXPORT_DIR", "the folder for exported states; it is made when missing")
    keep_days: float = setting(30, "PXL_KEEP_DAYS", "days that backups and archived logs are kept", gt=0, le=36_500)

    start_timeout_s: float = setting(120, "PXL_START_TIMEOUT_S", "seconds until the service must be ready after its start", ge=1, le=3600)


class ClientSettings(BaseModel):
    """What the command line and the agents' server read."""

    url: str | None = setting(
        None,
        "PXL_URL",
        "the address of a service, such as http://127.0.0.1:8088, or nothing: the local engine",
        pattern=r"^https?://[^/\s]+",
    )
