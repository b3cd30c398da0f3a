"""Four ways to one answer: the engine's search, the Rust checker, the Coq kernel, and brute force over all small models."""

import asyncio
import itertools
import random
import time
from collections.abc import Iterable, Iterator

import logos_pxl_engine as engine
import pytest
import tiny_models
from conftest import OpenPool

from logos_pxl.kernel import CheckKind, SessionPool

BATCH = 400


def batches(trees: Iterable[tiny_models.Tree]) -> Iterator[list[tiny_models.Tree]]:
    rest = iter(trees)
    while batch := list(itertools.islice(rest, BATCH)):
        yield batch


async def kernel_accepts(pool: SessionPool, goal: engine.Formula, found: engine.Proof | engine.Countermodel) -> bool:
    kind = CheckKind.PROOF if isinstance(found, engine.Proof) else CheckKind.COUNTERMODEL
    verdict = await pool.check(kind, goal.wire(), found.certificate, deadline=time.monotonic() + 30, statement=False)
    return verdict.accepted


async def all_agree(pool: SessionPool, trees: Iterable[tiny_models.Tree]) -> tuple[int, int]:
    """How many goals agreed, and how many of them are valid."""
    brute_force = tiny_models.Evaluator()
    count = valid_count = 0
    for batch in batches(trees):
        goals = [engine.Formula.parse(tiny_models.text(tree)) for tree in batch]
        found = [engine.search(goal, deadline_ms=10_000) for goal in goals]
        accepted = await asyncio.gather(*map(kernel_accepts, itertools.repeat(pool), goals, found))
        for tree, goal, answer, kernel in zip(batch, goals, found, accepted, strict=True):
            valid = brute_force.valid(tree)
            assert isinstance(answer, engine.Proof if valid else engine.Countermodel), f"{goal.ascii()}: brute force says valid={valid}"
            check = engine.check_proof if valid else engine.check_model
            assert check(goal, answer.certificate).ok, f"{goal.ascii()}: the Rust checker refuses {answer.certificate.hex()}"
            assert kernel, f"{goal.ascii()}: the kernel refuses {answer.certificate.hex()}"
            if isinstance(answer, engine.Countermodel):
                assert not goal.evaluate(answer.worlds)[0], f"{goal.ascii()} is true in the first world of {answer.worlds}"
            count += 1
            valid_count += valid
    return count, valid_count


async def test_every_formula_of_up_to_two_connectives(open_pool: OpenPool) -> None:
    """Over two atoms and the constants, all 2,740 of them."""
    pool = await open_pool(queue_limit=BATCH)
    trees = itertools.chain.from_iterable(tiny_models.exhaustive(connectives, 2) for connectives in range(3))
    count, valid = await all_agree(pool, trees)
    assert count == 4 + 76 + 2660
    assert 100 < valid < count


@pytest.mark.parametrize("seed", range(4))
async def test_random_formulas(open_pool: OpenPool, seed: int) -> None:
    """Up to 30 connectives over three atoms: 18,000 in all, some valid and most not."""
    pool = await open_pool(queue_limit=BATCH)
    source = random.Random(seed)
    trees = (tiny_models.random_tree(source, source.randrange(3, 31)) for _ in range(3000))
    leaning = (tiny_models.random_valid_leaning_tree(source, source.randrange(3, 31)) for _ in range(1500))
    count, valid = await all_agree(pool, itertools.chain(trees, leaning))
    assert count == 4500
    assert 1500 < valid < count
