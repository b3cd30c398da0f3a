"""The pool on the event loop that the server runs on."""

import asyncio
import os
import signal
import time
from dataclasses import replace

import pytest
import uvloop
import wire
from conftest import children

from logos_pxl.errors import KernelTimeout
from logos_pxl.kernel import CheckKind, KernelVerdict, SessionPool, coq_sessions
from logos_pxl.settings import PoolSettings, SessionSettings


def test_the_pool_keeps_its_promises_on_uvloop(session_settings: SessionSettings, pool_settings: PoolSettings) -> None:
    """Verdicts, a time-out, a crash with its retry, a large request and the end: the same as on asyncio's own loop."""

    async def main() -> None:
        async with SessionPool(replace(pool_settings, size=2, spares=1), coq_sessions(session_settings)) as pool:

            async def check(example: wire.Example, within_s: float = 20.0) -> KernelVerdict:
                deadline = time.monotonic() + within_s
                return await pool.check(example.kind, example.goal, example.certificate, deadline=deadline, statement=False)

            for example in wire.examples():
                assert (await check(example)).accepted is example.accepted
            large = wire.Example(CheckKind.PROOF, wire.identity_goal(), wire.identity_proof(idle_steps=50_000), accepted=True)
            with pytest.raises(KernelTimeout):
                await check(large, within_s=0.05)
            assert pool.stats().replacements["timeout"] == 1
            before = children(os.getpid())
            # No spare: it could be killed in the second try.
            async with SessionPool(replace(pool_settings, size=1, spares=0), coq_sessions(session_settings)) as lone:
                deadline = time.monotonic() + 20
                crashing = asyncio.ensure_future(lone.check(large.kind, large.goal, large.certificate, deadline=deadline, statement=False))
                await asyncio.sleep(0.1)
                for pid in children(os.getpid()) - before:
                    os.kill(pid, signal.SIGKILL)
                assert (await crashing).accepted
                assert lone.stats().replacements["crashed"] == 1

    uvloop.run(main())
