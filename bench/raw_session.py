"""One session spoken to by itself: frames written to its pipe and read back by blocking calls, with no pool and no event loop between.

Invariant: a reply counts only when it is an acceptance that carries the number and the MD5 of its own request.
"""

import contextlib
import hashlib
import os
import select
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from logos_pxl.errors import PxlError
from logos_pxl.kernel import CheckKind
from logos_pxl.kernel.confined import confined_command, confined_environment, coqtop_arguments
from logos_pxl.settings import SessionSettings

_VERSION = 1
_ACCEPTED = 129
_FLAG_STATEMENT = 1
_HEAD = struct.Struct(">BBQ")
_VERDICT = struct.Struct(">16sQ")
_READ_BYTES = 1 << 18


class NotAccepted(PxlError):
    """The session refused a check, failed in it, was late, or ended."""


@dataclass(frozen=True, slots=True)
class Check:
    """A certificate and the goal that it is for, both in bytes."""

    kind: CheckKind
    goal: bytes
    certificate: bytes


class RawSession:
    """A session that was started for one measurement. Made by ``raw_session``."""

    def __init__(self, process: subprocess.Popen[bytes], errors: Path) -> None:
        if process.stdin is None or process.stdout is None:
            raise NotAccepted("the session has no pipes")
        self._process = process
        self._stdin, self._stdout = process.stdin.fileno(), process.stdout.fileno()
        os.set_blocking(self._stdin, False)
        self._errors = errors
        self._buffer = bytearray()
        self._number = 0

    def greet(self, timeout_s: float) -> None:
        """Wait for the hello. Raises NotAccepted."""
        self._exchange(memoryview(b""), 1, time.monotonic() + timeout_s)

    def check(self, checks: Sequence[Check], *, timeout_s: float, statement: bool = False) -> list[float]:
        """Send all checks at once, then await all replies: the kernel's own times in milliseconds. Raises NotAccepted."""
        frames, digests = [], []
        first = self._number + 1
        for number, check in enumerate(checks, first):
            head = _HEAD.pack(_VERSION, check.kind.value, number)
            flags = bytes([_FLAG_STATEMENT if statement else 0])
            payload = b"".join((head, flags, len(check.goal).to_bytes(4), check.goal, check.certificate))
            digests.append(hashlib.md5(payload, usedforsecurity=False).digest())
            frames.append(len(payload).to_bytes(4) + payload)
        self._number += len(checks)
        replies = self._exchange(memoryview(b"".join(frames)), len(checks), time.monotonic() + timeout_s)
        return [self._accepted(reply, first + i, digests[i]) for i, reply in enumerate(replies)]

    def memory_bytes(self) -> tuple[int, int]:
        """Resident memory now, and the most that it ever was."""
        fields = dict(line.split(":", 1) for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines())
        now, most = (int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
        return now, most

    def _exchange(self, unsent: memoryview, count: int, deadline: float) -> list[bytes]:
        """Write everything and read ``count`` frames, both as the pipes allow, so that neither side waits for the other in vain."""
        frames: list[bytes] = []
        while len(frames) < count or unsent:
            writers = [self._stdin] if unsent else []
            readable, writable, _ = select.select([self._stdout], writers, [], max(0.0, deadline - time.monotonic()))
            if not readable and not writable:
                raise NotAccepted(f"{count - len(frames)} of {count} replies had not come by the deadline")
            try:
                if writable:
                    unsent = unsent[os.write(self._stdin, unsent[:_READ_BYTES]) :]
                if readable:
                    frames += self._read()
            except BrokenPipeError:
                raise NotAccepted(f"the session ended: {self._last_words()}") from None
        return frames

    def _read(self) -> Iterator[bytes]:
        data = os.read(self._stdout, _READ_BYTES)
        if not data:
            raise NotAccepted(f"the session ended: {self._last_words()}")
        self._buffer += data
        while len(self._buffer) >= 4 and len(self._buffer) >= (end := 4 + int.from_bytes(self._buffer[:4])):
            frame = bytes(self._buffer[4:end])
            del self._buffer[:end]
            yield frame

    def _accepted(self, frame: bytes, number: int, digest: bytes) -> float:
        version, kind, replied = _HEAD.unpack_from(frame)
        md5, kernel_us = _VERDICT.unpack_from(frame, _HEAD.size)
        if (version, kind, replied, md5) != (_VERSION, _ACCEPTED, number, digest):
            said = frame[_HEAD.size + _VERDICT.size :][:200].decode(errors="replace")
            raise NotAccepted(f"request {number}: a reply of kind {kind} to request {replied} came, with the text {said!r}")
        return float(kernel_us) / 1000

    def _last_words(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2)
        return f"status {self._process.poll()}; {self._errors.read_text(errors='replace')[-500:]}"


@contextlib.contextmanager
def raw_session(settings: SessionSettings) -> Iterator[RawSession]:
    """Start a session with the limits and the environment that the pool gives it; it is killed afterwards. Raises NotAccepted, OSError."""
    argv = [*coqtop_arguments(settings), "-l", str(settings.coq_dir / "serve.v")]
    with tempfile.TemporaryDirectory(prefix="pxl-bench-") as folder:
        errors = Path(folder, "stderr")
        with errors.open("wb") as stderr:
            process = subprocess.Popen(
                confined_command(settings, argv, report_fd=None),
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=confined_environment(),
                start_new_session=True,
            )
        try:
            session = RawSession(process, errors)
            session.greet(settings.start_timeout_s)
            yield session
        finally:
            process.kill()
            process.wait()
