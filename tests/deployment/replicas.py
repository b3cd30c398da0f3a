"""Two real replicas that share a real Redis, behind a real nginx."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from deployment.balancer import Balancer, running_nginx
from e2e.running import Server, running_server
from redis_server import running_redis

# As deploy/systemd names them; nginx/sites/host/upstreams.conf sends jobs back by these names.
NAMES = ("8088", "8089")


@dataclass
class Deployment:
    """What is up."""

    balancer: Balancer
    replicas: tuple[Server, Server]


def replica_settings(folder: Path, redis_url: str, name: str) -> dict[str, str]:
    """What a replica behind nginx is told, beside its port; certificates are kept in one place by both."""
    return {
        "PXL_DATA_DIR": str(folder / "certificates-of-both"),
        "PXL_REPLICA": name,
        "PXL_REDIS_URL": redis_url,
        "PXL_TRUSTED_PROXIES": "127.0.0.1",
        "PXL_POOL_SIZE": "1",
        "PXL_POOL_SPARES": "0",
        "PXL_CONNECTION_LIMIT": "1024",
    }


@contextmanager
def deployed(folder: Path, **environment: str) -> Iterator[Deployment]:
    """Redis, two replicas and nginx, until the end of the block."""
    with ExitStack() as stack:
        redis = stack.enter_context(running_redis(folder))
        servers = []
        for name in NAMES:
            (folder / name).mkdir()
            settings = {**replica_settings(folder, redis.url, name), **environment}
            servers.append(stack.enter_context(running_server(folder / name, **settings)))
        one, other = servers
        balancer = stack.enter_context(running_nginx(folder / "nginx", [one.port, other.port]))
        yield Deployment(balancer, (one, other))
