"""One line for each request: in access.log for all, in pxl-server.log for those that ask for proofs, were refused or failed.

Lines are written by the engine's ``RequestLog``, without an object of Python's for each of them. This module escapes what a client chose.

Invariant: nothing here that a client chose is more than its own line, and of the target only the path is told, cut off where it is long;
pxl-server.log tells the endpoint's name instead.
"""

import time
from collections.abc import Callable, Sequence
from functools import lru_cache

from logos_pxl_engine import LineWriter, RequestLog

from logos_pxl.logs.escaping import escaped, quoted
from logos_pxl.logs.formats import Form

_PATH_CHARACTERS = 256
_AGENT_CHARACTERS = 160


class RequestLines:
    """Writes the lines: to ``access``, and to all of ``server``."""

    def __init__(
        self, form: Form, access: LineWriter, server: Sequence[LineWriter], *, level: int, clock: Callable[[], float] = time.time
    ) -> None:
        """``level`` is one of ``logging``; ``clock`` gives seconds since 1970."""
        self._log = RequestLog(form, access, server, level=level)
        self._clock = clock
        self._path, self._agent = (_path_in_text, _agent_in_text) if form == "text" else (_path_in_json, _agent_in_json)

    def set_level(self, level: int) -> None:
        """From now on pxl-server.log tells what has this level or a higher one."""
        self._log.level = level

    def tell(  # noqa: PLR0917 - an object for them would cost more than the line
        self,
        client: str,
        method: str,
        path: bytes,
        endpoint: str,
        http_version: str,
        request_id: str,
        user_agent: bytes,
        status: int,
        body_bytes: int,
        duration_s: float,
        key: str | None,
        remark: str,
    ) -> None:
        """Write what is to be told of a request that has been answered now.

        ``path`` is the raw path of the target, ``endpoint`` a name from a fixed set, ``duration_s`` the time until the answer's last byte
        was handed to the connection, ``key`` the name of the key that signed it, ``remark`` what the operator should know, such as why it
        was refused.
        """
        self._log.tell(
            client,
            method,
            self._path(path),
            endpoint,
            http_version,
            request_id,
            self._agent(user_agent),
            status,
            body_bytes,
            duration_s,
            key or "",
            escaped(remark) if remark else "",
            self._clock(),
        )


# Most requests share a few paths and agents.
@lru_cache(maxsize=256)
def _path_in_text(path: bytes) -> str:
    return _path_in_json(path).replace('"', "%22").replace(" ", "%20")


@lru_cache(maxsize=256)
def _path_in_json(path: bytes) -> str:
    return escaped(path[:_PATH_CHARACTERS].decode("latin-1"))


@lru_cache(maxsize=256)
def _agent_in_text(agent: bytes) -> str:
    return quoted(_cut_agent(agent)) if agent else '"-"'


@lru_cache(maxsize=256)
def _agent_in_json(agent: bytes) -> str:
    return escaped(_cut_agent(agent))


def _cut_agent(agent: bytes) -> str:
    return agent[:_AGENT_CHARACTERS].decode("latin-1")
