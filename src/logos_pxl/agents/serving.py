"""The two ways in which agents connect: standard input and output, and streamable HTTP."""

import ipaddress
from collections.abc import Sequence
from typing import Any

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings

from logos_pxl.errors import ConfigurationError

PATH = "/mcp"

_LOOPBACK_NAMES = ("127.0.0.1:*", "localhost:*", "[::1]:*")
_MAX_BODY_BYTES = 4 << 20
_DRAIN_S = 5


async def serve_stdio(server: MCPServer[Any]) -> None:
    """Speak on standard input and output until the input ends."""
    await server.run_stdio_async()


async def serve_http(server: MCPServer[Any], *, host: str, port: int, names: Sequence[str]) -> None:
    """Speak HTTP at ``http://host:port/mcp`` until SIGTERM or SIGINT.

    Requests whose ``Host`` or ``Origin`` is none of this machine's loopback names or of ``names`` are refused (421, 403): a page in a
    browser cannot reach a server on the same machine under a name of its own. Raises ConfigurationError for another address than loopback
    without ``names``.
    """
    application = server.streamable_http_app(
        streamable_http_path=PATH,
        stateless_http=True,
        max_request_body_size=_MAX_BODY_BYTES,
        transport_security=security(host, names),
    )
    config = uvicorn.Config(application, host=host, port=port, log_level="warning", timeout_graceful_shutdown=_DRAIN_S)
    await uvicorn.Server(config).serve()


def security(host: str, names: Sequence[str]) -> TransportSecuritySettings:
    """Which names a request may use. Raises ConfigurationError."""
    if not _is_loopback(host) and not names:
        raise ConfigurationError(
            f"--host {host}: other machines could connect: name the address that they use with --allow-host NAME:PORT, and put an "
            "authenticating proxy in front, for this server does not authenticate clients"
        )
    hosts = [*_LOOPBACK_NAMES, *names]
    origins = [f"{scheme}://{name}" for name in hosts for scheme in ("http", "https")]
    return TransportSecuritySettings(enable_dns_rebinding_protection=True, allowed_hosts=hosts, allowed_origins=origins)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
