"""Progress on standard error, so that standard output is the report."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")

_EVERY_S = 10.0


def told(title: str, items: Sequence[Item]) -> Iterator[Item]:
    """The items, telling now and then how far the reader is."""
    started = last = time.monotonic()
    for index, item in enumerate(items):
        now = time.monotonic()
        if now - last > _EVERY_S:
            last = now
            print(f"{title}: {index} of {len(items)} after {now - started:.0f} s", file=sys.stderr, flush=True)
        yield item
    print(f"{title}: done after {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
