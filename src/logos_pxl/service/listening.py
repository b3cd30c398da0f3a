"""The listening sockets, and the file descriptors that connections will need.

Invariant: a socket that cannot be had ends the start with a ``ConfigurationError`` that names host, port and cause.
"""

import contextlib
import ctypes
import logging
import resource
import socket
import struct
from collections.abc import Iterable
from ipaddress import ip_address

from logos_pxl.errors import ConfigurationError
from logos_pxl.settings import Settings

_log = logging.getLogger(__name__)

# A session has three pipes, a process handle and a report; logs, the data folder and the event loop take some more.
_FILES_PER_SESSION = 8
_OTHER_FILES = 256
# Connections over the limit are open for a moment, to be told so.
_FILES_PER_CONNECTION = 2

# linux/filter.h: a program that drops segments that open a connection (SYN without ACK), and lets all others through.
_SO_ATTACH_FILTER = 26
_DROP_NEWCOMERS = b"".join(
    struct.pack("HBBI", *instruction)
    for instruction in (
        (0x30, 0, 0, 13),  # load the byte of TCP's header that holds its flags
        (0x54, 0, 0, 0x12),  # of which SYN and ACK matter
        (0x15, 0, 1, 0x02),  # SYN alone?
        (0x06, 0, 0, 0),  # drop
        (0x06, 0, 0, 0xFFFFFFFF),  # keep
    )
)


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


def turn_newcomers_away(sockets: Iterable[socket.socket]) -> None:
    """Let no new connection begin, and those that have begun arrive.

    A listening socket that is closed resets the connections that wait to be accepted, and with them their requests. After this there will
    be no more of them as soon as those that wait have been accepted. Who knocks meanwhile hears nothing, tries again a second later (TCP
    does), and then finds the port closed, or another process on it.
    """
    program = ctypes.create_string_buffer(_DROP_NEWCOMERS, len(_DROP_NEWCOMERS))
    pointer = struct.pack("HP", len(_DROP_NEWCOMERS) // 8, ctypes.addressof(program))
    for one in sockets:
        # A system that has no such filter closes as every other server does.
        with contextlib.suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, pointer)


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


def address_of(host: str, port: int) -> str:
    """What a browser on this machine opens to reach a socket that listens on ``host`` (an IP address), the wildcards included."""
    named = "localhost" if ip_address(host).is_unspecified else f"[{host}]" if ":" in host else host
    return f"http://{named}:{port}/"
