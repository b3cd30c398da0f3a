"""Verdicts given again."""

from dataclasses import replace

from verdicts import accepted

from logos_pxl.proving import Countermodel, ProofMethod, Timings


def test_a_remembered_verdict_is_the_same_verdict() -> None:
    """Only its timings, its method and whether its certificate is on disk are new."""
    model = Countermodel(worlds=("w0",), failing_world="w0", valuation={"A": ()}, pairs=(("w0", "w0"),))
    first = replace(accepted("A -> A"), countermodel=model)
    timings = Timings(cache_ms=0.1, total_ms=0.2)
    assert first.remembered(timings, stored=True) == replace(
        first, timings=timings, proof_method=ProofMethod.CACHE, certificate_stored=True
    )
