"""The fast path gives the answers of the usual path."""

import json
from dataclasses import replace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json
from verdicts import accepted, undecided

from logos_pxl.goals import Goal
from logos_pxl.proving import Countermodel, Prover, Timings, Verdict
from logos_pxl.proving.documents import countermodel_document, prove_document
from logos_pxl.service.answers import DocumentOf
from logos_pxl.service.context import RequestContext
from logos_pxl.service.fast_path import MAX_BODY_BYTES, FastPath, VerdictTexts

milliseconds = st.one_of(st.just(0.0), st.floats(0, 1e7), st.integers(0, 10**6).map(float))
timings = st.builds(Timings, *[milliseconds] * 7)
doors = st.sampled_from([prove_document, countermodel_document])
MODEL = Countermodel(("w0", "w1"), "w0", {'A "quoted" é': ("w1",)}, (("w0", "w0"), ("w0", "w1")))


@given(
    goals=st.lists(st.sampled_from(["A -> A", "BOX(A -> B)", "latency_ms", "timings_ms"]), min_size=1, max_size=12),
    times=st.lists(timings, min_size=12, max_size=12),
    stored=st.booleans(),
    model=st.sampled_from([None, MODEL]),
    document_of=doors,
)
def test_the_text_of_a_known_verdict_is_its_document(
    goals: list[str], times: list[Timings], stored: bool, model: Countermodel | None, document_of: DocumentOf
) -> None:
    """Byte for byte, whatever was answered before."""
    texts = VerdictTexts()
    for goal, took in zip(goals, times, strict=False):
        known = replace(accepted(goal), countermodel=model)
        for verdict in (known.remembered(took, stored=stored), known.remembered(took, stored=not stored)):
            assert texts.text(verdict, document_of) == to_json(document_of(verdict))


def test_the_two_doors_are_told_apart() -> None:
    """One verdict, two kinds of answer."""
    texts, verdict = VerdictTexts(), accepted("A -> A").remembered(Timings(), stored=True)
    for _ in range(2):
        assert texts.text(verdict, prove_document) == to_json(prove_document(verdict))
        assert texts.text(verdict, countermodel_document) == to_json(countermodel_document(verdict))


def test_an_unknown_verdict_has_a_text() -> None:
    """It has no certificate to be kept under."""
    verdict = undecided("A -> B")
    assert VerdictTexts().text(verdict, prove_document) == to_json(prove_document(verdict))


def test_kept_texts_are_bounded() -> None:
    """In number and in size; what was used last is kept."""
    texts = VerdictTexts(max_frames=3)
    for goal in ("A", "B", "A", "C", "A", "D"):
        texts.text(accepted(goal).remembered(Timings(), stored=True), prove_document)
    assert len(texts) == 3
    made = []

    def document_of(verdict: Verdict) -> dict[str, Any]:
        made.append(verdict.goal.text)
        return prove_document(verdict)

    texts = VerdictTexts(max_frames=2)
    for goal in ("A", "B", "A", "C", "A", "B"):
        texts.text(accepted(goal).remembered(Timings(), stored=True), document_of)
    assert made == ["A", "B", "C", "B"]
    made.clear()
    long = accepted(" & ".join(f"atom{number}" for number in range(2_000))).remembered(Timings(), stored=True)
    for _ in range(2):
        texts.text(long, document_of)
    assert len(made) == 2


class Known:
    """A prover whose cache holds the verdicts on ``goals``."""

    def __init__(self, goals: set[str]) -> None:
        self.goals = goals
        self.asked = 0

    def known(self, goal: Goal, *, parse_ms: float) -> Verdict | None:
        """As ``Prover.known``."""
        self.asked += 1
        return accepted(goal.text).remembered(Timings(parse_ms=parse_ms), stored=True) if goal.text in self.goals else None


def request_context(*headers: tuple[bytes, bytes]) -> RequestContext:
    """A context of a request with ``headers``."""
    return RequestContext.create({"headers": headers, "raw_path": b"/prove"}, "127.0.0.1")


def test_a_repeated_body_is_answered_while_its_verdict_is_cached() -> None:
    """And only then; a body that was never answered does not reach the proof cache."""
    fast_path, known, body = FastPath(), Known({"A"}), b'{"goal": "A"}'
    prover = cast("Prover", known)
    assert fast_path.answer(prover, request_context(), body, prove_document) is None
    assert known.asked == 0
    fast_path.remember(body, accepted("A"))
    answer = fast_path.answer(prover, request_context(), body, prove_document)
    assert answer is not None
    assert json.loads(bytes(answer.body))["goal"] == "A"
    assert fast_path.answer(prover, request_context((b"prefer", b"respond-async")), body, prove_document) is None
    known.goals.clear()
    assert fast_path.answer(prover, request_context(), body, prove_document) is None


def test_neither_long_bodies_nor_unknown_verdicts_are_remembered() -> None:
    """They take the usual path each time."""
    fast_path, known = FastPath(), Known({"A", "A -> B"})
    long = b'{"goal": "A"}' + b" " * MAX_BODY_BYTES
    fast_path.remember(long, accepted("A"))
    fast_path.remember(b"{}", undecided("A -> B"))
    for body in (long, b"{}"):
        assert fast_path.answer(cast("Prover", known), request_context(), body, prove_document) is None
    assert known.asked == 0


def test_the_services_have_caches_of_their_own() -> None:
    """What one has answered, another does not know."""
    body = b'{"goal": "A"}'
    FastPath().remember(body, accepted("A"))
    assert FastPath().answer(cast("Prover", Known({"A"})), request_context(), body, prove_document) is None
