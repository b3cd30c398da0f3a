"""One connection to Redis, on which the commands of many requests travel together.

Invariant: each command is answered in the order in which it was given, or ends in ``RedisLost`` or ``RedisRefused``; none waits longer than
four round trips may take, ``timeout_s`` each: the batch before it, its own, and both that a new connection needs. What is given while a
batch travels makes the next one: under load the cost of a command falls, and it is Redis that is waited for, not other requests.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

Command = Sequence[str | bytes | int]

_MAX_BATCH = 512
_LONGEST_TRIPS = 4


class RedisLost(Exception):
    """Redis cannot be used now: it does not answer, or refuses everything."""


class RedisRefused(Exception):
    """Redis refused this command."""


class RedisLine:
    """Belongs to one event loop. ``close`` it."""

    def __init__(self, url: str, *, timeout_s: float, on_reconnect: Callable[[], Awaitable[None]]) -> None:
        """Nothing is connected before the first command. ``on_reconnect`` is awaited whenever a connection was lost and a new one is there.

        It may use ``send``. Raises ValueError when ``url`` is none.
        """
        self._timeout_s = timeout_s
        self._on_reconnect = on_reconnect
        # Retries are ours: redis-py's would repeat commands without telling that Redis may have been restarted, and be empty.
        pool = ConnectionPool.from_url(
            url, socket_timeout=None, socket_connect_timeout=timeout_s, retry=Retry(NoBackoff(), 0), health_check_interval=0
        )
        self._redis = Redis.from_pool(pool)
        self._waiting: deque[tuple[Command, asyncio.Future[Any]]] = deque()
        self._sender: asyncio.Task[None] | None = None

    async def ask(self, *command: str | bytes | int) -> Any:
        """The answer to one command. Raises RedisLost, RedisRefused."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, answer))
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send_all())
        try:
            async with asyncio.timeout(_LONGEST_TRIPS * self._timeout_s):
                return await answer
        except TimeoutError:
            raise RedisLost("it takes too long to get up to date with it") from None

    async def send(self, commands: Sequence[Command]) -> list[Any]:
        """The answers to a batch of commands, past those that wait; an error that is one command's stands in its place.

        Raises RedisLost, and RedisConnectionError when the connection broke before an answer came.
        """
        travelling = asyncio.ensure_future(self._travel(commands))
        try:
            # Twice half the time: when this process itself was held up, the answer is there already, and is read in the second half.
            for _ in range(2):
                await asyncio.wait((travelling,), timeout=self._timeout_s / 2)
        finally:
            if not travelling.done():
                travelling.cancel()
                await asyncio.wait((travelling,))
        if travelling.cancelled():
            raise RedisLost(f"no answer within {self._timeout_s * 1000:.0f} ms")
        return travelling.result()

    async def close(self) -> None:
        """Close the connection; what still waits ends in RedisLost."""
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.wait((self._sender,))
        self._fail_waiting(RedisLost("the connection is closed"))
        await self._redis.aclose(close_connection_pool=True)

    async def _send_all(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MAX_BATCH))]
            try:
                answers = await self._send_twice([command for command, _ in batch])
            except RedisLost as error:
                self._waiting.extendleft(reversed(batch))
                self._fail_waiting(error)
                return
            except BaseException:
                self._waiting.extendleft(reversed(batch))
                raise
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    _settle(future, answer)

    async def _send_twice(self, commands: Sequence[Command]) -> list[Any]:
        """Once more when the connection broke: Redis may have been restarted since it was used last."""
        try:
            return await self.send(commands)
        except RedisConnectionError:
            pass
        try:
            await self._on_reconnect()
            return await self.send(commands)
        except RedisConnectionError as error:
            raise RedisLost(type(error).__name__) from error

    async def _travel(self, commands: Sequence[Command]) -> list[Any]:
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for command in commands:
                    pipeline.execute_command(*command)
                answers: list[Any] = await pipeline.execute(raise_on_error=False)
        except RedisConnectionError:
            raise
        except (RedisError, OSError) as error:
            raise RedisLost(type(error).__name__) from error
        for answer in answers:
            if isinstance(answer, RedisError) and type(answer) is not ResponseError:
                # A kind of its own: read-only, out of memory, loading, no permission. It is not about the command.
                raise RedisLost(type(answer).__name__)
        return answers

    def _fail_waiting(self, error: RedisLost) -> None:
        while self._waiting:
            _, future = self._waiting.popleft()
            if not future.done():
                future.set_exception(RedisLost(str(error)))


def _settle(future: "asyncio.Future[Any]", answer: Any) -> None:
    if isinstance(answer, RedisError):
        future.set_exception(RedisRefused(str(answer)))
    else:
        future.set_result(answer)
