"""A request as the layers of the gate see it: its headers read once, its id, its client, what is to be told of it.

Invariant: an ``Arrival`` is made by the outermost layer and found by the others in the request's scope.
"""

import os
import re
from dataclasses import dataclass
from typing import Any

from logos_pxl.observing import HmacKey

_KEY = "logos_pxl.arrival"
_REQUEST_ID = b"x-request-id"
_WELL_FORMED_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# No digits: the operations manual counts refused signatures by ``grep -c 401``. No vowels: no word may come out.
_LETTERS = str.maketrans("0123456789abcdef", "bcdfghjklmnpqrst")
_ID_LETTERS = 20
_IDS_AT_ONCE = 256


class RequestIds:
    """Makes ids: twenty letters, at random. Asks the system for many at once, for each asking costs as much as all else of an id."""

    def __init__(self) -> None:
        self._stock: list[str] = []

    def new(self) -> str:
        """An id that nobody had."""
        if not self._stock:
            letters = os.urandom(_ID_LETTERS * _IDS_AT_ONCE // 2).hex().translate(_LETTERS)
            self._stock = [letters[start : start + _ID_LETTERS] for start in range(0, len(letters), _ID_LETTERS)]
        return self._stock.pop()


@dataclass(slots=True)
class Arrival:
    """One request. ``headers`` has the last value of each name, ``repeated`` the names that came more than once.

    Layers add ``key``, with which it was signed, ``remark``, for the operator, and ``fields``, which the outermost layer gives the answer.
    """

    client: str
    request_id: str
    headers: dict[bytes, bytes]
    repeated: tuple[bytes, ...]
    key: HmacKey | None = None
    remark: str = ""
    fields: tuple[tuple[bytes, bytes], ...] = ()

    @classmethod
    def of(cls, scope: Any, client: str, ids: RequestIds) -> "Arrival":
        """Read the request in ``scope``, and leave what was read there; a request without an id gets one of ``ids``."""
        headers: dict[bytes, bytes] = {}
        repeated: tuple[bytes, ...] = ()
        for name, value in scope["headers"]:
            if name in headers:
                repeated = (*repeated, name)
            headers[name] = value
        given = headers.get(_REQUEST_ID, b"")
        if given and _REQUEST_ID not in repeated and _WELL_FORMED_ID.fullmatch(given):
            request_id = given.decode("ascii")
        else:
            request_id = ids.new()
        arrival = scope[_KEY] = cls(client, request_id, headers, repeated)
        return arrival

    @staticmethod
    def found_in(scope: Any) -> "Arrival":
        """The arrival that the outermost layer left."""
        arrival: Arrival = scope[_KEY]
        return arrival

    def text_of(self, name: bytes) -> str:
        """The last value of a header as text; empty when it did not come."""
        return self.headers.get(name, b"").decode("latin-1")
