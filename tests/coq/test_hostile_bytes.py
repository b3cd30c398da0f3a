"""Names, goals and certificates that try to pass for something else.

The engine would refuse most of these names; they are sent by their bytes, for the kernel's side must hold without it.
"""

import asyncio
import hashlib
import random
import struct
import time

import wire
from conftest import OpenPool

from logos_pxl.kernel import CheckKind


def frame(number: int, kind: int = 129, text: bytes = b"Prov (Atom A)", of: bytes = b"") -> bytes:
    """What an accepted reply to some request looks like on the wire."""
    body = hashlib.md5(of).digest() + struct.pack(">Q", 1) + text
    return struct.pack(">IBBQ", 10 + len(body), 1, kind, number) + body


HOSTILE_NAMES = [
    b"",
    b"\0",
    b"A\0B",
    b'"',
    b"'",
    b"\\",
    b"\n\n\n",
    b"\r\n",
    b"Qed.",
    b'"). Qed. PXL Serve. (*',
    b"(* ",
    b"*)",
    b'"%string',
    b"Drop.\nQuit.\n",
    b"\xff\xfe\x80",
    "p□◇\u202eq".encode(),
    b"\x1b[2J",
    b"%s%n{}{0}",
    b"x" * 10_000,
    *(frame(number) for number in (1, 2, 3, 9)),
    *(frame(number, kind) for number in (1, 2) for kind in (128, 130, 132)),
    struct.pack(">I", 0xFFFFFFFF),
]


async def test_no_name_passes_for_a_reply(open_pool: OpenPool) -> None:
    """Whatever an atom is called, each check gets the verdict of its own goal, the session stays, and statements stand in one reply."""
    pool = await open_pool(size=1, spares=0)
    asked = wire.every_name(HOSTILE_NAMES)
    random.Random(0).shuffle(asked)
    for example in asked:
        verdict = await pool.check(example.kind, example.goal, example.certificate, deadline=time.monotonic() + 20, statement=True)
        assert verdict.accepted is example.accepted, example
        assert verdict.session_id == 1
    assert sum(pool.stats().replacements.values()) == 0


async def test_a_frame_in_a_certificate_is_a_certificate(open_pool: OpenPool) -> None:
    """Frames as certificates or goals, even of the coming requests, bring a refusal and nothing else."""
    pool = await open_pool(size=1, spares=0)
    for number in range(1, 40):
        hostile = frame(number + number % 3)
        refused = await pool.check(CheckKind.PROOF, wire.identity_goal(), hostile, deadline=time.monotonic() + 20, statement=True)
        assert not refused.accepted
        refused = await pool.check(CheckKind.PROOF, hostile, wire.identity_proof(), deadline=time.monotonic() + 20, statement=True)
        assert not refused.accepted
    assert sum(pool.stats().replacements.values()) == 0


async def test_no_bytes_prove_what_is_not_provable(open_pool: OpenPool) -> None:
    """Neither random certificates nor changed good ones prove an atom or refute ``A -> A``, and no session is lost over them."""
    pool = await open_pool(size=2, spares=0)
    chance = random.Random(1)
    good = wire.identity_proof()
    candidates = [chance.randbytes(chance.randrange(200)) for _ in range(500)]
    candidates += [bytes(chance.choices(range(13), k=chance.randrange(60))) for _ in range(1000)]
    candidates += [good[:i] + bytes([byte]) + good[i + 1 :] for i in range(len(good)) for byte in range(0, 256, 3)]

    async def refused(certificate: bytes) -> None:
        deadline = time.monotonic() + 60
        proved = await pool.check(CheckKind.PROOF, wire.atom_goal(), certificate, deadline=deadline, statement=False)
        refuted = await pool.check(CheckKind.COUNTERMODEL, wire.identity_goal(), certificate, deadline=deadline, statement=False)
        assert not proved.accepted, certificate
        assert not refuted.accepted, certificate

    for start in range(0, len(candidates), 100):
        await asyncio.gather(*map(refused, candidates[start : start + 100]))
    assert sum(pool.stats().replacements.values()) == 0
