"""The settings of the doors: signatures, quotas, logs. ``Settings`` has them among the others.

Invariant: a signature key that is held here has at least 256 bits.
"""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, SecretStr

from logos_pxl.variables import variable
from logos_pxl.wire.signing import key_of_hex

Network = IPv4Network | IPv6Network


def _upper(value: Any) -> Any:
    return value.strip().upper() if isinstance(value, str) else value


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _parts(value: Any) -> Any:
    return tuple(part for part in (piece.strip() for piece in value.split(",")) if part) if isinstance(value, str) else value


def _networks(value: Any) -> Any:
    return tuple(ip_network(part) if isinstance(part, str) else part for part in _parts(value))


def _level(value: Any) -> Any:
    return {"WARNING": "WARN"}.get(_upper(value), _upper(value)) if isinstance(value, str) else value


def _key(value: SecretStr) -> SecretStr:
    key_of_hex(value.get_secret_value())
    return value


def _open_paths(paths: tuple[str, ...]) -> tuple[str, ...]:
    for path in paths:
        if not path.startswith("/") or "*" in path.removesuffix("/*") or path == "/*":
            raise ValueError(f"{path!r} is neither a path nor a path that ends in /*")
    return paths


KeyText = Annotated[SecretStr, AfterValidator(_key)]
_KEY = "at least 64 hexadecimal digits (256 bits), such as 'openssl rand -hex 32' prints"


class ServiceSettings(BaseModel):
    """What only the service reads, beside the bounds of its connections."""

    # The page.
    web_dir: Path | None = variable(None, "PXL_WEB_DIR", "the folder of the page, which holds index.html")

    # Signed requests (the manual's names).
    hmac_auth_enabled: bool = variable(False, "ENABLE_HMAC_AUTH", "true (requests must be signed) or false")
    hmac_key: KeyText | None = variable(None, "HMAC_SECRET_KEY", _KEY)
    hmac_key_new: KeyText | None = variable(None, "HMAC_SECRET_KEY_NEW", _KEY)
    hmac_key_old: KeyText | None = variable(None, "HMAC_SECRET_KEY_OLD", _KEY)
    open_paths: Annotated[tuple[str, ...], BeforeValidator(_parts), AfterValidator(_open_paths)] = variable(
        ("/", "/status", "/web/*", "/health", "/health/*", "/metrics", "/metrics/*", "/openapi.json"),
        "PXL_OPEN_PATHS",
        "paths, separated by commas, that GET and HEAD reach without a signature; /health/* is all that is below /health",
    )

    # Quotas.
    rate_limit_enabled: bool = variable(False, "RATE_LIMIT_ENABLED", "true (clients have a quota) or false")
    rate_limit_per_minute: int = variable(
        60,
        "RATE_LIMIT_PER_MINUTE",
        "a whole number of requests that a client may make in a minute, from 1 to 10000000",
        ge=1,
        le=10_000_000,
    )
    rate_limit_by: Annotated[Literal["address", "key"], BeforeValidator(_lower)] = variable(
        "address", "PXL_RATE_LIMIT_BY", "address (each client address has a quota) or key (each signature key has one)"
    )
    trusted_proxies: Annotated[tuple[Network, ...], BeforeValidator(_networks)] = variable(
        (), "PXL_TRUSTED_PROXIES", "addresses or networks, separated by commas, whose X-Forwarded-For is believed, such as 10.0.0.0/8"
    )

    # Logs.
    log_level: Annotated[Literal["DEBUG", "INFO", "WARN", "ERROR"], BeforeValidator(_level)] = variable(
        "INFO", "LOG_LEVEL", "DEBUG, INFO, WARN or ERROR"
    )
    log_format: Annotated[Literal["text", "json"], BeforeValidator(_lower)] = variable("text", "LOG_FORMAT", "text or json")
    log_dir: Path = variable(Path("logs"), "PXL_LOG_DIR", "the folder for pxl-server.log and access.log; it is made when missing")
    log_stderr: bool = variable(True, "PXL_LOG_STDERR", "true (what goes to pxl-server.log goes to standard error too) or false")
