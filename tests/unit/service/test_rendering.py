"""Verdicts as text: the short way says what the long way says."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json
from verdicts import accepted, undecided

from logos_pxl.proving import Countermodel, Timings
from logos_pxl.proving.documents import countermodel_document, prove_document
from logos_pxl.service import rendering
from logos_pxl.service.rendering import DocumentOf, VerdictTexts

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
        for verdict in (known.timed(took), known.remembered(took, stored=stored), known.remembered(took, stored=not stored)):
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


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """In number and in size; what was used last is kept."""
    monkeypatch.setattr(rendering, "_MAX_FRAMES", 3)
    texts = VerdictTexts()
    for goal in ("A", "B", "A", "C", "A", "D"):
        texts.text(accepted(goal).remembered(Timings(), stored=True), prove_document)
    assert [frame.head.count('"goal":"A"') for frame in texts._frames.values()] == [0, 1, 0]
    long = accepted(" & ".join(f"atom{number}" for number in range(2_000))).remembered(Timings(), stored=True)
    texts.text(long, prove_document)
    assert all(len(frame.head) < 4_096 for frame in texts._frames.values())
