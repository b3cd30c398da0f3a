"""The cache of verdicts, held against a simple model of it."""

import tracemalloc

import verdicts
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from verdicts import KERNEL, accepted, undecided

from logos_pxl.goals import Goal
from logos_pxl.observing import Observer
from logos_pxl.proving import ProofCache, Verdict
from logos_pxl.proving.proof_cache import size_of

TTL_S, MAX_ENTRIES, MAX_BYTES = 10.0, 4, 45_000

# Six shapes, each with two choices of atoms: goals of different sizes, in pairs that are equivalent.
SHAPES = ["BOX({0}) -> {0}", "{0} -> {0}", "{0} \\/ ~{0}", "BOX({0} -> {0})", "DIA({0}) \\/ BOX(~{0})", "(({0} -> {1}) -> {0}) -> {0}"]
GOALS = [shape.format(one, other) for shape in SHAPES for one, other in (("p", "q"), ("rain", "snow"))]
EVIDENCE = [b"", b"e" * 9_000, b"e" * 20_000, b"e" * 60_000]


class _Heard(Observer):
    def __init__(self) -> None:
        self.evicted: list[str] = []

    def cache_evicted(self, cause: str, entries: int = 1) -> None:
        self.evicted += [cause] * entries


class CacheAgainstModel(RuleBasedStateMachine):
    """The model is a list of (goal's text, verdict, end), least recently used first."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.heard = _Heard()
        self.cache = ProofCache(ttl_s=TTL_S, max_entries=MAX_ENTRIES, max_bytes=MAX_BYTES, observer=self.heard, clock=lambda: self.now)
        self.model: list[tuple[str, Verdict, float]] = []
        self.evicted: list[str] = []

    def _expire(self) -> None:
        ended = [entry for entry in self.model if entry[2] <= self.now]
        self.evicted += ["expired"] * len(ended)
        self.model = [entry for entry in self.model if entry[2] > self.now]

    def _use(self, text: str) -> Verdict | None:
        for place, entry in enumerate(self.model):
            if entry[0] == text:
                self.model.append(self.model.pop(place))
                return entry[1]
        return None

    def _bytes(self) -> int:
        return sum(size_of(verdict) for _, verdict, _ in self.model)

    @rule(seconds=st.sampled_from([0.1, 1.0, 4.0, 9.9, 10.0]))
    def pass_time(self, seconds: float) -> None:
        """Time goes on."""
        self.now += seconds

    @rule(text=st.sampled_from(GOALS), evidence=st.sampled_from(EVIDENCE))
    def put(self, text: str, evidence: bytes) -> None:
        """A verdict is stored, if it fits."""
        verdict = accepted(text, evidence=evidence)
        self._expire()
        fits = size_of(verdict) <= MAX_BYTES
        assert self.cache.put(verdict) is fits
        if not fits:
            return
        self.model = [entry for entry in self.model if entry[0] != text]
        while len(self.model) >= MAX_ENTRIES:
            self.model.pop(0)
            self.evicted.append("entries")
        while self._bytes() + size_of(verdict) > MAX_BYTES:
            self.model.pop(0)
            self.evicted.append("bytes")
        self.model.append((text, verdict, self.now + TTL_S))

    @rule(text=st.sampled_from(GOALS))
    def put_unknown(self, text: str) -> None:
        """An unknown verdict never is."""
        self._expire()
        assert not self.cache.put(undecided(text))

    @rule(text=st.sampled_from(GOALS))
    def get(self, text: str) -> None:
        """The very goal is asked for."""
        self._expire()
        assert self.cache.get(Goal.parse(text), KERNEL) is self._use(text)

    @rule(text=st.sampled_from(GOALS))
    def get_equivalent(self, text: str) -> None:
        """Any goal that differs in names is asked for."""
        self._expire()
        goal = Goal.parse(text)
        alike = {entry[0] for entry in self.model if Goal.parse(entry[0]).canonical.formula == goal.canonical.formula}
        found = self.cache.equivalent(goal, KERNEL)
        assert (found is None) == (not alike)
        if found is not None:
            assert self._use(found.goal.text) is found

    @precondition(lambda self: self.model)
    @rule()
    def another_kernel_asks(self) -> None:
        """What another kernel accepted is not given, and goes."""
        self._expire()
        if self.model:
            text = self.model[0][0]
            assert self.cache.get(Goal.parse(text), "1" * 64) is None
            self.model.pop(0)
            self.evicted.append("kernel")

    @invariant()
    def agree(self) -> None:
        """Cache and model hold the same, within the bounds, and all that went was told with its cause."""
        self._expire()
        stats = self.cache.stats()
        assert (stats.entries, stats.size_bytes) == (len(self.model), self._bytes())
        assert stats.entries <= MAX_ENTRIES
        assert stats.size_bytes <= MAX_BYTES
        assert sorted(self.heard.evicted) == sorted(self.evicted)


CacheAgainstModel.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
test_the_cache_does_what_the_model_does = CacheAgainstModel.TestCase


def test_the_same_goal_in_another_notation_is_the_same_goal() -> None:
    """How a goal was written does not matter, what its atoms are called does."""
    cache = ProofCache(ttl_s=10, max_entries=10, max_bytes=1 << 20)
    stored = accepted("BOX(A -> A)")
    cache.put(stored)
    for notation in ("[](A -> A)", "□(A → A)", "\\Box(A \\to A)", "BOX((A)->(A))"):
        assert cache.get(Goal.parse(notation), KERNEL) is stored
    assert cache.get(Goal.parse("BOX(B -> B)"), KERNEL) is None
    assert cache.equivalent(Goal.parse("BOX(B -> B)"), KERNEL) is stored
    assert cache.equivalent(Goal.parse("BOX(A -> B)"), KERNEL) is None


def test_without_a_time_or_a_place_nothing_is_kept() -> None:
    """A TTL of 0, no entries or no bytes switch the cache off."""
    for off in ({"ttl_s": 0.0}, {"max_entries": 0}, {"max_bytes": 0}):
        cache = ProofCache(**{"ttl_s": 10.0, "max_entries": 10, "max_bytes": 1 << 20, **off})
        assert not cache.put(accepted("A -> A"))
        assert cache.stats().entries == 0


def test_the_estimate_of_an_entrys_size_is_not_too_low() -> None:
    """What the entries really take of Python's memory is at most what is counted for them."""
    texts = [f"BOX(a{number} -> b{number}) -> (BOX(a{number}) -> BOX(b{number}))" for number in range(500)]
    cache = ProofCache(ttl_s=10, max_entries=1_000, max_bytes=1 << 30)
    tracemalloc.start()
    for text in texts:
        verdict = accepted(text, evidence=bytes(bytearray(300)))
        _ = verdict.goal.digest, verdict.goal.canonical.digest, verdict.goal.canonical.restoring
        cache.put(verdict)
    del verdict
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert cache.stats().entries == len(texts)
    assert taken <= cache.stats().size_bytes <= 4 * taken


def test_a_forged_digest_is_not_enough() -> None:
    """An entry is given only for the formula that it was made for, whatever its key says."""
    cache = ProofCache(ttl_s=10, max_entries=10, max_bytes=1 << 20)
    cache.put(accepted("A -> A"))
    other = Goal.parse("A -> BOX(A)")
    other.__dict__["digest"] = Goal.parse("A -> A").digest
    assert cache.get(other, KERNEL) is None


def test_the_verdicts_of_these_tests_are_verdicts() -> None:
    """What the tests put in has the shape of what the kernel accepted."""
    assert verdicts.accepted("A -> A").verified
    assert not verdicts.undecided("A -> A").verified
