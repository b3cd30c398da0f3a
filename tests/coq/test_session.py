"""One real Coq session."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import wire

from logos_pxl.errors import SessionStartError
from logos_pxl.kernel.interface import CheckKind, CheckRequest, SessionDied
from logos_pxl.kernel.session import CoqSession, coq_sessions
from logos_pxl.settings import SessionSettings

PROVABLE = CheckRequest(CheckKind.PROOF, wire.identity_goal(), wire.identity_proof(), statement=False)


def ignore(_session_id: int) -> None:
    pass


@pytest.fixture
async def session(session_settings: SessionSettings) -> AsyncIterator[CoqSession]:
    opened = await coq_sessions(session_settings)(1, ignore)
    assert isinstance(opened, CoqSession)
    yield opened
    await opened.stop()


async def test_a_session_names_its_versions(session: CoqSession) -> None:
    """The hello tells the versions of Coq and of the plugin."""
    assert session.coq_version == "8.16.1"
    assert session.plugin_version.count(".") == 2


@pytest.mark.parametrize("example", wire.examples(), ids=range(7))
async def test_the_kernel_accepts_what_is_proved_and_nothing_else(session: CoqSession, example: wire.Example) -> None:
    """A proof proves its own goal, a countermodel refutes its own, and neither passes for the other."""
    reply = await session.check(CheckRequest(example.kind, example.goal, example.certificate, statement=False))
    assert reply.accepted is example.accepted
    assert bool(reply.reason) is not example.accepted


async def test_the_statement_is_coqs(session: CoqSession) -> None:
    """An accepted check comes with the theorem as Coq prints it, when it is asked for."""
    proved = await session.check(replace(PROVABLE, statement=True))
    assert proved.statement is not None
    assert "Prov" in proved.statement
    refuted = await session.check(CheckRequest(CheckKind.COUNTERMODEL, wire.atom_goal(), wire.EMPTY_MODEL, statement=True))
    assert refuted.statement is not None
    assert refuted.statement.startswith("~")
    assert (await session.check(PROVABLE)).statement is None


@pytest.mark.parametrize(
    ("goal", "certificate", "word"),
    [
        (wire.identity_goal()[:-1], wire.identity_proof(), "malformed"),
        (b"", wire.identity_proof(), "malformed"),
        (b"\x80", wire.identity_proof(), "malformed"),
        (wire.numbers(1, 1, 65, 0, 1), wire.identity_proof(), "malformed"),
        (wire.numbers(1, 1, 65, 0, 0, 0, 0, 10), wire.identity_proof(), "malformed"),
        (wire.numbers(1 << 40), wire.identity_proof(), "malformed"),
        (wire.identity_goal(), b"", "rejected"),
        (wire.identity_goal(), wire.identity_proof()[:-1], "rejected"),
        (wire.identity_goal(), wire.identity_proof() + b"\x80", "rejected"),
        (wire.identity_goal(), wire.numbers(1 << 200), "rejected"),
        (wire.identity_goal(), b"\xff" * 1000, "rejected"),
    ],
)
async def test_a_bad_request_leaves_the_session_usable(session: CoqSession, goal: bytes, certificate: bytes, word: str) -> None:
    """A goal that cannot be read is malformed, a certificate that cannot is rejected, and the next check is answered."""
    reply = await session.check(CheckRequest(CheckKind.PROOF, goal, certificate, statement=True))
    assert not reply.accepted
    assert reply.reason.startswith(word)
    assert (await session.check(PROVABLE)).accepted


async def test_a_killed_session_says_how_it_ended(session: CoqSession) -> None:
    """A check on a session that is killed ends in an error that names the signal."""
    slow = replace(PROVABLE, certificate=wire.identity_proof(idle_steps=300_000))
    check = asyncio.create_task(session.check(slow))
    await asyncio.sleep(0.1)
    os.kill(session.pid, signal.SIGKILL)
    with pytest.raises(SessionDied, match="SIGKILL"):
        await check
    assert not session.alive
    assert session.usage() is None


async def test_the_end_of_input_ends_the_process(session_settings: SessionSettings) -> None:
    """A session whose input ends exits by itself."""
    gone = asyncio.Event()
    session = await coq_sessions(session_settings)(1, lambda _session_id: gone.set())
    assert isinstance(session, CoqSession)
    input_of_session = session._process._popen.stdin
    assert input_of_session is not None
    input_of_session.close()
    await asyncio.wait_for(gone.wait(), 5)
    assert "exited with status 0" in session._process.exit_description()


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("/bin/false", "exited with status 1"),
        ("/bin/echo", "was announced"),
        ("/nonexistent/coqtop", "cannot be run"),
    ],
)
async def test_what_is_not_coq_does_not_start(session_settings: SessionSettings, program: str, told: str) -> None:
    """A program that is not Coq ends in an error that tells what it did."""
    with pytest.raises(SessionStartError, match=told):
        await coq_sessions(replace(session_settings, coqtop=Path(program)))(1, ignore)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("exec sleep 60", "PXL_SESSION_START_TIMEOUT_MS"),
        ("exec >&-; exec sleep 60", "was killed by SIGKILL"),
        ("exec yes", "was announced"),
        ("yes >&2", "PXL_SESSION_START_TIMEOUT_MS.*standard error: y"),
        ("echo oh dear >&2; exit 3", "exited with status 3; it wrote on standard error: oh dear"),
    ],
)
async def test_a_session_that_is_not_ready_in_time_is_given_up(
    session_settings: SessionSettings, tmp_path: Path, script: str, told: str
) -> None:
    """A process that never says hello, ends, or floods its output or standard error is killed, children and all."""
    program = tmp_path / "coqtop"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    with pytest.raises(SessionStartError, match=told):
        await coq_sessions(replace(session_settings, coqtop=program, start_timeout_s=1.0))(1, ignore)


async def test_a_kernel_that_is_not_compiled_is_told_by_coq(session_settings: SessionSettings, tmp_path: Path) -> None:
    """What Coq writes on standard error when it cannot load the kernel is in the error."""
    (tmp_path / "theories").mkdir()
    (tmp_path / "plugin").mkdir()
    (tmp_path / "serve.v").write_text("Require Import PXL.Plugin.Command. PXL Serve.\n")
    with pytest.raises(SessionStartError, match=r"PXL\.Plugin\.Command"):
        await coq_sessions(replace(session_settings, coq_dir=tmp_path))(1, ignore)
