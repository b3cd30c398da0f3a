"""Corrupted certificates: the kernel and the Rust checker agree on each, and neither accepts one whose goal is not so."""

import asyncio
import random
import time
from collections.abc import Iterator

import logos_pxl_engine as engine
import tiny_models
import wire
from conftest import OpenPool

from logos_pxl.kernel import CheckKind, SessionPool

BRUTE_FORCE = tiny_models.Evaluator()


def numbers_of(certificate: bytes) -> list[int]:
    """The numbers of a byte string (LEB128), read independently of the engine."""
    values, value, shift = [], 0, 0
    for byte in certificate:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            values.append(value)
            value = shift = 0
    return values


def single_field_mutations(certificate: bytes) -> Iterator[bytes]:
    """Each number replaced, removed, doubled, or exchanged with its neighbour."""
    fields = numbers_of(certificate)
    for i, value in enumerate(fields):
        before, after = fields[:i], fields[i + 1 :]
        for other in {0, 1, 2, 3, value + 1, abs(value - 1), value ^ 1, value * 2, value + 1000, 2**40, 2**70} - {value}:
            yield wire.numbers(*before, other, *after)
        yield wire.numbers(*before, *after)
        yield wire.numbers(*before, value, value, *after)
        if after and after[0] != value:
            yield wire.numbers(*before, after[0], value, *after[1:])


def random_corruptions(source: random.Random, certificate: bytes, count: int) -> Iterator[bytes]:
    """Bytes flipped, cut, inserted and spliced."""
    for _ in range(count):
        data = bytearray(certificate)
        for _ in range(source.randrange(1, 4)):
            at = source.randrange(len(data) + 1)
            match source.randrange(4):
                case 0 if data:
                    data[at % len(data)] ^= 1 << source.randrange(8)
                case 1:
                    del data[at : at + source.randrange(1, 4)]
                case 2:
                    data[at:at] = source.randbytes(source.randrange(1, 4))
                case _:
                    data[at:at] = data[: source.randrange(len(data) + 1)]
        yield bytes(data)


async def agreed(pool: SessionPool, tree: tiny_models.Tree, kind: CheckKind, certificates: list[bytes]) -> int:
    """How many of the certificates both checkers accept; fails where they differ or where an accepted claim is false."""
    goal = engine.Formula.parse(tiny_models.text(tree))
    check = engine.check_proof if kind is CheckKind.PROOF else engine.check_model
    claim_is_true = BRUTE_FORCE.valid(tree) is (kind is CheckKind.PROOF)
    verdicts = await asyncio.gather(
        *(pool.check(kind, goal.wire(), certificate, deadline=time.monotonic() + 60, statement=False) for certificate in certificates)
    )
    accepted = 0
    for certificate, verdict in zip(certificates, verdicts, strict=True):
        rust = check(goal, certificate)
        told = f"{kind.name} of {goal.ascii()}: {certificate.hex()}: kernel {verdict} , Rust {rust.ok} ({rust.reason})"
        assert rust.ok is verdict.accepted, told
        assert claim_is_true or not verdict.accepted, told
        accepted += verdict.accepted
    return accepted


def certified(source: random.Random, count: int) -> Iterator[tuple[tiny_models.Tree, CheckKind, bytes]]:
    """Goals of both kinds with their certificates."""
    for i in range(count):
        make = tiny_models.random_valid_leaning_tree if i % 2 else tiny_models.random_tree
        tree = make(source, source.randrange(2, 14))
        found = engine.search(engine.Formula.parse(tiny_models.text(tree)), deadline_ms=10_000)
        kind = CheckKind.PROOF if isinstance(found, engine.Proof) else CheckKind.COUNTERMODEL
        assert isinstance(found, engine.Proof | engine.Countermodel)
        yield tree, kind, found.certificate


async def test_every_single_field_mutation(open_pool: OpenPool) -> None:
    """Both checkers agree on every mutation of one number of 24 certificates, and most mutations are refused."""
    pool = await open_pool(queue_limit=100_000)
    tried = accepted = 0
    for tree, kind, certificate in certified(random.Random(11), 24):
        mutations = list(single_field_mutations(certificate))[:1200]
        accepted += await agreed(pool, tree, kind, mutations)
        tried += len(mutations)
    assert tried > 5000
    assert accepted < tried / 3


async def test_random_corruptions(open_pool: OpenPool) -> None:
    """Both checkers agree on thousands of certificates with bytes flipped, cut, inserted and spliced."""
    pool = await open_pool(queue_limit=100_000)
    source = random.Random(12)
    tried = accepted = 0
    for tree, kind, certificate in certified(source, 60):
        corrupted = list(random_corruptions(source, certificate, 100))
        accepted += await agreed(pool, tree, kind, corrupted)
        tried += len(corrupted)
    assert tried == 6000
    assert accepted < tried / 2


async def test_a_certificate_proves_no_other_goal(open_pool: OpenPool) -> None:
    """A proof offered for each of 60 other goals, and a countermodel likewise: accepted only where the claim is true."""
    pool = await open_pool(queue_limit=100_000)
    examples = list(certified(random.Random(13), 60))
    for tree, _, _ in examples:
        for kind in CheckKind:
            await agreed(pool, tree, kind, [certificate for _, _, certificate in examples])
