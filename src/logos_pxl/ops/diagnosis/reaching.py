"""How far one gets on the way to a service: refused, silent, somebody else, or an answer."""

import contextlib
import socket
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

import psutil

from logos_pxl.ops.errors import OperationFailed, ServiceUnreachable
from logos_pxl.ops.service import ServiceReader
from logos_pxl.ops.supervisor.lock import holder
from logos_pxl.ops.supervisor.places import Places
from logos_pxl.ops.supervisor.processes import marked

_CONNECT_S = 3.0
_PORTS = {"http": 80, "https": 443}


class Reach(StrEnum):
    """How far one gets."""

    REFUSED = "refused"
    SILENT = "silent"
    UNAUTHORIZED = "unauthorized"
    FOREIGN = "foreign"
    ANSWERS = "answers"


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens on the service's port of this machine. ``ours``: a service of this folder's supervisor."""

    pid: int | None
    name: str
    ours: bool


def reach(service: ServiceReader) -> tuple[Reach, str]:
    """Go as far as one gets; and what stopped us."""
    refused = connects(service.url, default_port=_PORTS.get(urlsplit(service.url).scheme, 80))
    if refused:
        return Reach.REFUSED, refused
    try:
        service.health()
    except ServiceUnreachable as error:
        return Reach.SILENT, str(error)
    except OperationFailed as error:
        return (Reach.UNAUTHORIZED if "status 401" in str(error) else Reach.FOREIGN), str(error)
    return Reach.ANSWERS, ""


def connects(url: str, *, default_port: int) -> str:
    """Why no connection to the URL's host and port can be had; empty when it can. Nothing of the URL but these is told."""
    parts = urlsplit(url)
    host, port = parts.hostname or "localhost", parts.port or default_port
    try:
        with socket.create_connection((host, port), timeout=_CONNECT_S):
            return ""
    except OSError as error:
        return f"{host}, port {port}: {error.strerror or error}"


def listener_at(url: str, places: Places) -> Listener | None:
    """Who listens on the URL's port; ``None`` when nobody does, or the system does not tell."""
    port = urlsplit(url).port
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
                return Listener(connection.pid, _name(connection.pid), connection.pid in {holder(places.lock), *marked(places.folder)})
    return None


def _name(pid: int | None) -> str:
    with contextlib.suppress(psutil.Error):
        if pid is not None:
            return psutil.Process(pid).name()
    return "of another user"
