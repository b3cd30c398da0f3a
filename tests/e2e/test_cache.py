"""The cache on the way to a verdict, with real searches and the real kernel."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import logos_pxl_engine as engine
import pytest
from e2e.running import HARD, running_server
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis
from redis_server import running_redis

from logos_pxl.goals import Goal
from logos_pxl.kernel import CheckKind
from logos_pxl.observing import Observer
from logos_pxl.proving import Find, Finding, NotFound, ProofMethod, SearchBudget, UnknownReason, Verdict, VerdictKind, find
from logos_pxl.proving.judging import states
from logos_pxl.proving.recheck import by_kernel
from logos_pxl.runtime import Runtime
from logos_pxl.settings import Settings

VALID = "BOX(A -> A)"
INVALID = "A -> BOX(A)"


class _Searches:
    """The engine's search, counted; it waits for ``gate`` first, and notices its cancellation."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.cancelled = 0
        self.gate = asyncio.Event()
        self.gate.set()

    def __call__(self, goal: Goal, budget: SearchBudget) -> Finding | NotFound:
        self.started.append(goal.text)
        while not self.gate.is_set():
            if budget.cancel.cancelled or budget.remaining_ms() == 0:
                self.cancelled += budget.cancel.cancelled
                return NotFound(UnknownReason.CANCELLED if budget.cancel.cancelled else UnknownReason.TIMEOUT, "told to stop")
            time.sleep(0.001)
        return find(goal, budget)


class _Heard(Observer):
    def __init__(self) -> None:
        self.cached: list[str] = []
        self.stages: Counter[str] = Counter()
        self.refused = 0

    def cache(self, outcome: str) -> None:
        self.cached.append(outcome)

    def cache_entry_refused(self) -> None:
        self.refused += 1


@asynccontextmanager
async def runtime(folder: Path, find: Find = find, observer: Observer | None = None, **settings: Any) -> AsyncIterator[Runtime]:
    loaded = Settings.load(**{"pool_size": 1, "pool_spares": 0, "data_dir": folder / "var", **settings})
    async with Runtime.open(loaded, find=find, observer=observer) as opened:
        yield opened


def large(text: str) -> str:
    """An equally valid or invalid goal that is searched on a thread, so that others can come meanwhile."""
    return f"({text}) /\\ " + " /\\ ".join(["BOX(A -> A)"] * 60)


async def decide(opened: Runtime, text: str, timeout_s: float = 10) -> Verdict:
    return await opened.prover.decide(Goal.parse(text), timeout_s=timeout_s)


async def assert_exact(opened: Runtime, verdict: Verdict) -> None:
    """The verdict's certificate, statement and countermodel are of its own goal, and both checkers accept them."""
    certificate, goal = verdict.certificate, verdict.goal
    assert certificate is not None
    assert certificate.goal == goal.text
    assert certificate.statement is not None
    assert states(certificate.statement, certificate.kind, goal)
    again = await by_kernel(certificate, opened.pool, deadline=time.monotonic() + 10)
    assert again.accepted
    check = engine.check_proof if certificate.kind is CheckKind.PROOF else engine.check_model
    assert check(goal.formula, certificate.evidence).ok
    if verdict.kind is VerdictKind.INVALID:
        model = verdict.countermodel
        assert model is not None
        assert model.valuation is not None
        assert set(model.valuation) == set(goal.atoms)
        worlds = [[atom for atom, where in model.valuation.items() if world in where] for world in model.worlds]
        assert goal.formula.evaluate(worlds)[0] is False


async def test_a_goal_asked_again_is_a_hit(folder: Path) -> None:
    """In any notation, with the same certificate, without search or kernel, and told as what it is."""
    searches, heard = _Searches(), _Heard()
    async with runtime(folder, searches, heard) as opened:
        for text, other in ((VALID, "□(A → A)"), (INVALID, "A → □A")):
            first, again = await decide(opened, text), await decide(opened, other)
            assert (first.proof_method, first.cache_hit) == (ProofMethod.SEARCH, False)
            assert (again.proof_method, again.cache_hit) == (ProofMethod.CACHE, True)
            assert again.kind is first.kind
            assert again.certificate is first.certificate
            assert again.certificate_stored
            assert (again.timings.search_ms, again.timings.kernel_ms) == (0, 0)
            await assert_exact(opened, again)
    assert len(searches.started) == 2
    assert heard.cached == ["miss", "hit", "miss", "hit"]


async def test_an_equivalent_goal_is_a_prefetch_hit(folder: Path) -> None:
    """Nothing is searched; the kernel has accepted the certificate with the asked goal's atoms; it is the one that a search would find."""
    searches, heard = _Searches(), _Heard()
    async with runtime(folder, searches, heard) as opened:
        for text, other in ((VALID, "BOX(rain -> rain)"), ("BOX(p \\/ q) -> BOX p \\/ BOX q", "BOX(q \\/ p) -> BOX q \\/ BOX p")):
            await decide(opened, text)
            verdict = await decide(opened, other)
            assert (verdict.proof_method, verdict.cache_hit) == (ProofMethod.PREFETCH, True)
            assert verdict.goal.text == Goal.parse(other).text
            assert verdict.timings.kernel_ms > 0
            assert verdict.timings.search_ms == 0
            await assert_exact(opened, verdict)
            searched = find(Goal.parse(other), SearchBudget(time.monotonic() + 5, 1 << 28, engine.CancelToken()))
            assert isinstance(searched, Finding)
            assert verdict.certificate is not None
            assert verdict.certificate.evidence == searched.evidence
            assert (await decide(opened, other)).proof_method is ProofMethod.CACHE
    assert len(searches.started) == 2
    assert heard.cached == ["miss", "prefetch_hit", "hit"] * 2


ATOMS = st.lists(st.sampled_from(["A", "B", "p0", "p1", "p2", "rain", "q_1", "Ä"]), min_size=3, max_size=3, unique=True)
FORMULAS = st.recursive(
    st.sampled_from(["{0}", "{1}", "{2}"]),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["~", "BOX", "DIA"]), inner).map(lambda parts: f"{parts[0]}({parts[1]})"),
        st.tuples(inner, st.sampled_from(["/\\", "\\/", "->", "<->"]), inner).map(lambda parts: f"({' '.join(parts)})"),
    ),
    max_leaves=8,
)


@pytest.fixture
async def both(folder: Path) -> AsyncIterator[tuple[Runtime, Runtime]]:
    """A runtime with a cache and one without."""
    async with runtime(folder / "cached") as cached, runtime(folder / "uncached", cache_ttl_s=0) as uncached:
        yield cached, uncached


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shape=FORMULAS, one=ATOMS, other=ATOMS)
async def test_every_answer_is_exact_for_the_goal_asked(
    both: tuple[Runtime, Runtime], shape: str, one: list[str], other: list[str]
) -> None:
    """Whatever was asked before under whatever names, the certificate, the statement and the countermodel are of the asked goal."""
    for names in (one, other, one):
        text = shape.format(*names)
        verdict, uncached = [await decide(opened, text) for opened in both]
        assert verdict.kind is uncached.kind
        assert verdict.goal == uncached.goal
        assert verdict.certificate is not None
        assert uncached.certificate is not None
        assert verdict.certificate.id == uncached.certificate.id
        assert verdict.countermodel == uncached.countermodel
        await assert_exact(both[0], verdict)


async def test_unknown_is_never_remembered(folder: Path) -> None:
    """What timed out is tried again, and decided when there is more time."""
    searches = _Searches()
    async with runtime(folder, searches) as opened:
        searches.gate.clear()
        for _ in range(2):
            assert (await decide(opened, large(VALID), 0.1)).reason is UnknownReason.TIMEOUT
        searches.gate.set()
        assert (await decide(opened, large(VALID))).kind is VerdictKind.VALID
        assert opened.prover.stats().verdicts == {"unknown": 2, "valid": 1}


async def test_an_entry_ends_with_its_time(folder: Path) -> None:
    """After PXL_CACHE_TTL the goal is searched again; with 0 always."""
    searches = _Searches()
    async with runtime(folder, searches, cache_ttl_s=0.3) as opened:
        await decide(opened, VALID)
        assert (await decide(opened, VALID)).cache_hit
        await asyncio.sleep(0.3)
        assert not (await decide(opened, VALID)).cache_hit
    async with runtime(folder, searches, cache_ttl_s=0) as opened:
        for _ in range(2):
            assert not (await decide(opened, VALID)).cache_hit


async def test_fifty_requests_for_one_goal_are_one_search(folder: Path) -> None:
    """All get the same certificate, each its own timings, and the kernel is asked once."""
    searches, heard = _Searches(), _Heard()
    async with runtime(folder, searches, heard) as opened:
        searches.gate.clear()
        asking = [asyncio.create_task(decide(opened, large(INVALID))) for _ in range(50)]
        await asyncio.sleep(0.1)
        searches.gate.set()
        verdicts = await asyncio.gather(*asking)
    assert len(searches.started) == 1
    assert {verdict.certificate.id for verdict in verdicts if verdict.certificate} == {
        verdicts[0].certificate.id if verdicts[0].certificate else ""
    }
    assert all(verdict.kind is VerdictKind.INVALID and verdict.timings.total_ms >= 100 for verdict in verdicts)
    assert [verdict.timings.search_ms > 0 for verdict in verdicts] == [True] + [False] * 49
    assert all(verdict.timings.cache_ms > 90 for verdict in verdicts[1:])
    assert Counter(heard.cached) == {"joined": 49, "miss": 1}


async def test_the_first_to_ask_may_leave(folder: Path) -> None:
    """Cancelling it leaves the search to the others; when the last one leaves, the search stops."""
    searches = _Searches()
    async with runtime(folder, searches) as opened:
        searches.gate.clear()
        first, second = (asyncio.create_task(decide(opened, large(VALID))) for _ in range(2))
        await asyncio.sleep(0.05)
        first.cancel()
        await asyncio.wait((first,))
        await asyncio.sleep(0.05)
        assert searches.cancelled == 0
        searches.gate.set()
        assert (await second).kind is VerdictKind.VALID
        assert len(searches.started) == 1
        searches.gate.clear()
        leaving = [asyncio.create_task(decide(opened, large(INVALID))) for _ in range(3)]
        await asyncio.sleep(0.05)
        for task in leaving:
            task.cancel()
        await asyncio.wait(leaving)
        for _ in range(100):
            await asyncio.sleep(0.01)
            if searches.cancelled:
                break
        assert searches.cancelled == 1
        assert opened.prover.stats().unknown == {"cancelled": 4}


async def test_the_short_of_time_do_not_hurry_the_others(folder: Path) -> None:
    """Whoever started the search with little time gets a time-out of his own; the search goes on for those with more, and is one search."""
    searches = _Searches()
    async with runtime(folder, searches) as opened:
        searches.gate.clear()
        hurried = asyncio.create_task(decide(opened, large(VALID), 0.2))
        await asyncio.sleep(0.05)
        patient = asyncio.create_task(decide(opened, large(VALID), 10))
        verdict = await asyncio.wait_for(hurried, 1)
        assert (verdict.reason, verdict.certificate) == (UnknownReason.TIMEOUT, None)
        assert 200 <= verdict.timings.total_ms < 600
        await asyncio.sleep(0.1)
        searches.gate.set()
        assert (await patient).kind is VerdictKind.VALID
    assert (len(searches.started), searches.cancelled) == (1, 0)


async def test_a_lie_is_told_to_all_and_remembered_by_none(folder: Path) -> None:
    """A certificate that the kernel refuses makes no entry, however many waited for it, and is one alarm."""
    searches = _Searches()

    def lie(goal: Goal, budget: SearchBudget) -> Finding | NotFound:
        searches(goal, budget)
        return Finding(CheckKind.PROOF, b"\x01\x02\x03")

    async with runtime(folder, lie) as opened:
        searches.gate.clear()
        asking = [asyncio.create_task(decide(opened, large(VALID))) for _ in range(5)]
        await asyncio.sleep(0.05)
        searches.gate.set()
        verdicts = await asyncio.gather(*asking)
        assert {verdict.reason for verdict in verdicts} == {UnknownReason.KERNEL_REJECTED}
        assert opened.prover.stats().soundness_alarms == 1
        assert (await decide(opened, large(VALID))).reason is UnknownReason.KERNEL_REJECTED
        assert len(searches.started) == 2


async def test_two_replicas_share_their_certificates(folder: Path) -> None:
    """A goal proved on one is a hit on the other, whose own kernel has checked it for the very goal asked."""
    searches, heard = _Searches(), _Heard()
    with running_redis(folder) as redis:
        async with (
            runtime(folder / "one", redis_url=redis.url) as one,
            runtime(folder / "other", searches, heard, redis_url=redis.url) as other,
        ):
            for text, alike in ((VALID, "BOX(B -> B)"), (INVALID, "B -> BOX(B)")):
                first, second = await decide(one, text), await decide(other, text)
                assert (second.proof_method, second.cache_hit, second.kind) == (ProofMethod.SHARED, True, first.kind)
                assert second.timings.kernel_ms > 0
                await assert_exact(other, second)
                assert (await decide(other, text)).proof_method is ProofMethod.CACHE
                third = await decide(other, alike)
                assert third.proof_method is ProofMethod.PREFETCH
                await assert_exact(other, third)
            await decide(one, "BOX(p) -> p")
            fourth = await decide(other, "BOX(q) -> q")
            assert (fourth.proof_method, fourth.cache_hit) == (ProofMethod.PREFETCH, True)
            await assert_exact(other, fourth)
    assert searches.started == []
    assert heard.cached == ["hit", "hit", "prefetch_hit"] * 2 + ["prefetch_hit"]


async def test_a_forged_entry_never_makes_a_verdict(folder: Path) -> None:
    """Whoever writes into Redis can cost a look-up, not a verdict: the entry is refused, taken away, and the goal is searched."""
    heard = _Heard()
    with running_redis(folder) as redis:
        async with (
            runtime(folder / "one", redis_url=redis.url) as one,
            runtime(folder / "other", find, heard, redis_url=redis.url) as other,
            Redis.from_url(redis.url) as client,
        ):
            await decide(one, VALID)
            (key,) = [key async for key in client.scan_iter("pxl:1:cache:*")]
            honest = json.loads(await client.get(key))
            invalid_key = key.replace(
                Goal.parse(VALID).canonical.digest.hex().encode(), Goal.parse(INVALID).canonical.digest.hex().encode()
            )
            forgeries = [honest, honest | {"kind": "countermodel"}, honest | {"certificate": "AAAA"}, "nonsense", {}]
            for number, forged in enumerate(forgeries, 1):
                text = INVALID.replace("A", f"a{number}")
                await client.set(invalid_key, json.dumps(forged))
                # The local cache would know the equivalents: each round asks a replica that has not met the goal.
                async with runtime(folder / f"n{number}", find, heard, redis_url=redis.url) as fresh:
                    verdict = await decide(fresh, text)
                    assert (verdict.kind, verdict.proof_method) == (VerdictKind.INVALID, ProofMethod.SEARCH)
                    await assert_exact(fresh, verdict)
                    assert fresh.prover.stats().soundness_alarms == 0
                assert heard.refused == number
            assert (await decide(other, VALID)).kind is VerdictKind.VALID


async def test_another_kernels_entries_are_not_met(folder: Path) -> None:
    """An entry that says that it is another kernel's is refused, and the key of another kernel is another key."""
    heard = _Heard()
    with running_redis(folder) as redis:
        async with runtime(folder / "one", redis_url=redis.url) as one, Redis.from_url(redis.url) as client:
            await decide(one, VALID)
            (key,) = [key async for key in client.scan_iter("pxl:1:cache:*")]
            assert one.identity.kernel_hash.encode() in key
            entry = json.loads(await client.get(key))
            assert entry["kernel_hash"] == one.identity.kernel_hash
            await client.set(key, json.dumps(entry | {"kernel_hash": "0" * 64}))
            async with runtime(folder / "other", find, heard, redis_url=redis.url) as other:
                assert (await decide(other, VALID)).proof_method is ProofMethod.SEARCH
    assert heard.refused == 1


def test_over_http_the_cache_tells_what_it_did(folder: Path) -> None:
    """cache_hit and proof_method of four answers, and a hard goal's unknown is none."""
    with running_server(folder, PXL_POOL_SIZE="1") as server:
        answers = [server.prove(goal).json() for goal in (VALID, VALID, "[](A->A)", "BOX(rain -> rain)")]
        assert [answer["cache_hit"] for answer in answers] == [False, True, True, True]
        assert [answer["proof_method"] for answer in answers] == ["search+kernel", "cache", "cache", "prefetch+kernel"]
        assert all(answer["ok"] and answer["verified"] and answer["certificate_stored"] for answer in answers)
        assert " ".join(answers[3]["statement"].split()) == 'Prov (□ ("rain" → "rain"))'
        unknown = server.prove(HARD, timeout_ms=200).json()
        assert (unknown["verdict"], unknown["cache_hit"]) == ("unknown", False)
