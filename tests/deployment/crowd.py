"""Fifty clients behind a balancer: each from its own address, each on its own connection, each looks at every answer."""

import http.client
import itertools
import json
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from deployment.balancer import Balancer

# Asked in turn, with what must come back. The numbered atom keeps goals apart, so that replicas search and do not only remember.
GOALS = (
    ("BOX(a{n} -> b) -> (BOX a{n} -> BOX b)", "valid"),
    ("a{n} -> BOX(a{n})", "invalid"),
    ("BOX(A -> A)", "valid"),
    ("DIA(a{n}) -> BOX(DIA(a{n}))", "valid"),
)
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Asked:
    """One request: when it began, how long it took, and what was wrong with its answer, if anything."""

    began: float
    took_s: float
    wrong: str | None


class Crowd:
    """Clients that ask until the block ends, a request each every ``pause_s`` seconds or so."""

    def __init__(self, balancer: Balancer, *, clients: int = 50, pause_s: float = 0.1) -> None:
        self.asked: list[Asked] = []
        self._balancer = balancer
        self._context = balancer.context()
        self._pause_s = pause_s
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._ask_on, args=(number,)) for number in range(clients)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join(60)

    @property
    def lost(self) -> list[str]:
        """What was wrong with answers."""
        return [asked.wrong for asked in self.asked if asked.wrong is not None]

    def took_ms(self, percent: float) -> float:
        """The time that so many per cent of requests did not exceed."""
        times = sorted(asked.took_s for asked in self.asked)
        return 1000 * times[min(len(times) - 1, int(len(times) * percent / 100))]

    def _ask_on(self, number: int) -> None:
        source = (f"127.0.2.{number + 1}", 0)
        connection = http.client.HTTPSConnection("127.0.0.1", self._balancer.port, timeout=60, source_address=source, context=self._context)
        for turn in itertools.count():
            if self._ending.wait(self._pause_s):
                break
            began = time.monotonic()
            try:
                wrong = _batch(connection, number, turn) if turn % 8 == 7 else _single(connection, number, turn)
            except (OSError, http.client.HTTPException) as error:
                wrong = f"{type(error).__name__}: {error}"
                connection.close()
            self.asked.append(Asked(began, time.monotonic() - began, wrong))
        connection.close()


def _goal(number: int, turn: int) -> tuple[str, str]:
    goal, verdict = GOALS[turn % len(GOALS)]
    return goal.format(n=1000 * number + turn % 40), verdict


def _single(connection: http.client.HTTPSConnection, number: int, turn: int) -> str | None:
    goal, verdict = _goal(number, turn)
    connection.request("POST", "/prove", json.dumps({"goal": goal}), _JSON)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200 or json.loads(body)["verdict"] != verdict:
        return f"{goal}: {answer.status} {body[:200]!r}"
    return None


def _batch(connection: http.client.HTTPSConnection, number: int, turn: int) -> str | None:
    asked = [_goal(number, turn + place) for place in range(3)]
    connection.request("POST", "/prove/batch", json.dumps({"goals": [goal for goal, _ in asked]}), _JSON)
    answer = connection.getresponse()
    body = answer.read()
    lines = [json.loads(line) for line in body.splitlines()] if answer.status == 200 else []
    found = {line["index"]: line.get("result", {}).get("verdict") for line in lines}
    if found != {place: verdict for place, (_, verdict) in enumerate(asked)}:
        return f"batch: {answer.status} {body[:200]!r}"
    return None
