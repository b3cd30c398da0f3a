"""One warm Coq session: a confined process that runs ``PXL Serve`` (coq/plugin), and the session protocol over its pipes.

Invariant: an answer is passed on only when the protocol accepted it and nothing followed it. A session that broke the protocol, was
cancelled during a check, or reported a failure is never ``alive`` again.
"""

import asyncio
from collections.abc import Callable, Mapping
from types import MappingProxyType

from logos_pxl.errors import ProtocolViolation, SessionStartError
from logos_pxl.kernel.confined import ConfinedProcess, coqtop_arguments
from logos_pxl.kernel.interface import CheckReply, CheckRequest, SessionDied, SessionOpener, SessionUsage
from logos_pxl.kernel.protocol import Hello, NeedData, Reply, ReplyKind, SessionProtocol, State
from logos_pxl.settings import SessionSettings

# What OCaml and Coq say when a check needs more than there is.
_EXHAUSTION = ("out of memory", "stack overflow", "exhausted the memory", "exhausted the stack")


class CoqSession:
    """A session as the pool sees it (``interface.Session``). Made by ``coq_sessions``."""

    def __init__(self, settings: SessionSettings, session_id: int, on_exit: Callable[[int], None]) -> None:
        """Start the process. Raises OSError."""
        self.session_id = session_id
        self.confinement: Mapping[str, str] = MappingProxyType({})
        self.coq_version = ""
        self.plugin_version = ""
        self._on_exit = on_exit
        self._protocol = SessionProtocol()
        self._violation: ProtocolViolation | None = None
        self._awaited: asyncio.Future[Hello | Reply] | None = None
        self._process = ConfinedProcess(
            settings,
            [*coqtop_arguments(settings), "-l", str(settings.coq_dir / "serve.v")],
            on_output=self._received,
            on_exit=self._exited,
        )

    @property
    def alive(self) -> bool:
        """Whether it can be asked: it is running, in order, and answers nothing else."""
        return self._protocol.state is State.IDLE and not self._process.gone

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    async def greet(self, timeout_s: float) -> None:
        """Wait for the hello. Raises SessionStartError; the session is stopped, then."""
        try:
            async with asyncio.timeout(timeout_s):
                hello = await self._next_event()
        except TimeoutError:
            await self.stop()
            raise SessionStartError(
                f"no hello within {timeout_s:g} s (PXL_SESSION_START_TIMEOUT_MS); {self._process.exit_description()}"
            ) from None
        except (SessionDied, ProtocolViolation) as error:
            await self.stop()
            raise SessionStartError(f"the session did not start: {error}") from error
        except asyncio.CancelledError:
            await self.stop()
            raise
        finally:
            self.confinement = self._process.take_report()
        if isinstance(hello, Hello):
            self.coq_version, self.plugin_version = hello.coq_version, hello.plugin_version

    async def check(self, request: CheckRequest) -> CheckReply:
        """Ask Coq's kernel. Raises SessionDied, ProtocolViolation, RequestTooLarge."""
        if self._process.gone:
            raise SessionDied(f"the session is gone: {self._process.exit_description()}", exhausted=False)
        self._process.write(self._protocol.request(request))
        reply = await self._next_event()
        if self._violation is not None:
            raise self._violation
        match reply:
            case Reply(ReplyKind.ACCEPTED, kernel_us, statement):
                return CheckReply(accepted=True, statement=statement or None, reason="", kernel_us=kernel_us)
            case Reply(ReplyKind.REJECTED | ReplyKind.MALFORMED as kind, kernel_us, reason):
                return CheckReply(accepted=False, statement=None, reason=f"{kind.name.lower()}: {reason}", kernel_us=kernel_us)
            case Reply(ReplyKind.FAILED, _, exception):
                self._process.kill()
                raise SessionDied(f"the check failed inside Coq: {exception}", exhausted=_means_exhaustion(exception))
        raise ProtocolViolation(f"{reply} is no answer to a check")

    def usage(self) -> SessionUsage | None:
        """What the process holds and has used; ``None`` when it is gone."""
        return self._process.usage()

    async def stop(self) -> None:
        """Kill the process and reap it."""
        await self._process.stop()

    async def _next_event(self) -> Hello | Reply:
        self._awaited = asyncio.get_running_loop().create_future()
        try:
            return await self._awaited
        finally:
            self._awaited = None

    def _received(self, data: bytes) -> None:
        if self._violation is not None:
            return
        event: Hello | Reply | None = None
        try:
            self._protocol.receive_data(data)
            # Read everything before the answer is passed on: bytes after it are a protocol violation.
            while not isinstance(following := self._protocol.next_event(), NeedData):
                event = following if isinstance(following, (Hello, Reply)) else event
        except ProtocolViolation as violation:
            self._violation = violation
            self._process.kill()
            self._settle(violation)
        else:
            if event is not None:
                self._settle(event)

    def _exited(self) -> None:
        ended = self._process.exit_description()
        self._settle(SessionDied(f"the session died: {ended}", exhausted=_means_exhaustion(ended)))
        self._on_exit(self.session_id)

    def _settle(self, outcome: Hello | Reply | Exception) -> None:
        if self._awaited is None or self._awaited.done():
            return
        if isinstance(outcome, Exception):
            self._awaited.set_exception(outcome)
        else:
            self._awaited.set_result(outcome)


def coq_sessions(settings: SessionSettings) -> SessionOpener:
    """The opener of Coq sessions with these settings."""

    async def open_session(session_id: int, on_exit: Callable[[int], None]) -> CoqSession:
        try:
            session = CoqSession(settings, session_id, on_exit)
        except OSError as error:
            raise SessionStartError(f"the launcher {settings.python} cannot be run: {error}") from error
        await session.greet(settings.start_timeout_s)
        return session

    return open_session


def _means_exhaustion(text: str) -> bool:
    return any(phrase in text.lower() for phrase in _EXHAUSTION)
