"""The listening sockets, and the file descriptors that connections will need.

Invariant: a socket that cannot be had ends the start with a ``ConfigurationError`` that names host, port and cause.
"""

import logging
import resource
import socket

from logos_pxl.errors import ConfigurationError
from logos_pxl.settings import Settings

_log = logging.getLogger(__name__)

# A session has three pipes, a process handle and a report; logs, the data folder and the event loop take some more.
_FILES_PER_SESSION = 8
_OTHER_FILES = 256
# Connections over the limit are open for a moment, to be told so.
_FILES_PER_CONNECTION = 2


def open_sockets(settings: Settings) -> list[socket.socket]:
    """One bound socket for each address of the host; ``PXL_REUSE_PORT`` lets several processes share the port.

    Raises ConfigurationError.
    """
    host, port = settings.server_host, settings.server_port
    bound: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, protocol, _, address in dict.fromkeys(found):
            bound.append(_bound(family, protocol, address, reuse_port=settings.reuse_port))
    except OSError as error:
        for one in bound:
            one.close()
        raise ConfigurationError(
            f"PXL_SERVER_HOST={host!r}, PXL_SERVER_PORT={port}: cannot listen there: {error.strerror or error}; "
            "give an address of this machine and a port that is free"
        ) from error
    return bound


def _bound(family: int, protocol: int, address: tuple[object, ...], *, reuse_port: bool) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM, protocol)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            # Else the address of all interfaces would take the port in IPv4 too, where it has a socket of its own.
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind(address)
    except OSError:
        opened.close()
        raise
    return opened


def allow_open_files(settings: Settings) -> None:
    """Raise this process's soft limit on open files to what its settings need; says so in the log when the hard limit is lower."""
    sessions = settings.pool_size + settings.pool_spares
    wanted = settings.connection_limit * _FILES_PER_CONNECTION + sessions * _FILES_PER_SESSION + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and wanted > hard:
        _log.warning(
            "PXL_CONNECTION_LIMIT=%d needs %d open files, and this process may have %d: raise its limit (ulimit -n, LimitNOFILE)",
            settings.connection_limit,
            wanted,
            hard,
        )
        wanted = hard
    if soft != resource.RLIM_INFINITY and wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
