"""The benchmarks of the service measure what they say: requests that are answered."""

import pytest
from bench import layers, serve
from bench.small_goals import small_goals


@pytest.mark.parametrize("name", ["bare route", "all layers"])
def test_a_server_with_some_layers_answers(name: str) -> None:
    """Signed requests, none refused; what is measured counts them."""
    measured = layers.run(*layers.VARIANTS[name], seconds=1)
    assert measured.requests_per_s > 50
    assert 1 < measured.cpu_us < 100_000


@pytest.mark.parametrize("name", serve.MIXTURES)
def test_a_mixture_has_its_share_of_new_goals(name: str) -> None:
    """None, all, or about 15 % of them."""
    asked = serve.MIXTURES[name](small_goals(1_000))
    new = len(set(asked)) / len(asked)
    assert {"cached": 0.4 < new < 0.6, "uncached": new == 1, "mixed": 0.13 < new < 0.2}[name]


def test_load_counts_what_is_refused() -> None:
    """A goal that is malformed is one, and an answered one is not."""
    assert serve.ask(small_goals(150), clients=2, seconds=1).refused == 0
    refused = serve.ask([*small_goals(100), "BOX("], clients=2, seconds=1)
    assert refused.refused == refused.requests > 0
