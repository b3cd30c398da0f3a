"""``pxl mcp``: the server for agents, on the local engine or a service."""

import asyncio
from collections.abc import Sequence

from logos_pxl.cli.failing import tell
from logos_pxl.cli.provers import at_once, opened_prover, service_address
from logos_pxl.cli.statuses import ExitStatus
from logos_pxl.errors import PxlError

_MANY = 1 << 16


def serve_agents(url: str | None, *, http: bool, host: str, port: int, names: Sequence[str], jobs: int | None) -> ExitStatus:
    """Serve until the end of the input, or SIGTERM."""
    try:
        asyncio.run(_serve(url, http=http, host=host, port=port, names=names, width=at_once(jobs, _MANY)))
    except (PxlError, OSError) as error:
        tell(error)
        return ExitStatus.ERROR
    except KeyboardInterrupt:
        return ExitStatus.VALID
    return ExitStatus.VALID


async def _serve(url: str | None, *, http: bool, host: str, port: int, names: Sequence[str], width: int) -> None:
    from logos_pxl.agents.checking import by_service  # noqa: PLC0415 - an extra
    from logos_pxl.agents.server import agents_server  # noqa: PLC0415
    from logos_pxl.agents.serving import security, serve_http, serve_stdio  # noqa: PLC0415
    from logos_pxl.client import AsyncPxlClient  # noqa: PLC0415

    if http:
        security(host, names)
    async with opened_prover(url, sessions=width) as prover:
        if isinstance(prover, AsyncPxlClient):
            check = by_service(prover, service_address(url) or "")
        else:
            from logos_pxl.agents.local_checking import by_kernel  # noqa: PLC0415 - it needs the engine
            from logos_pxl.local import LocalProver  # noqa: PLC0415

            if not isinstance(prover, LocalProver):
                raise TypeError(f"no check is known for {prover!r}")
            check = by_kernel(prover)
        server = agents_server(prover, check)
        await (serve_http(server, host=host, port=port, names=names) if http else serve_stdio(server))
