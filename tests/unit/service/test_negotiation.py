"""Which form an Accept field asks for."""

import pytest

from logos_pxl.service.reading import best_form

JSON, OPENMETRICS, TEXT = OFFERS = ("application/json", "application/openmetrics-text", "text/plain")

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("*/*", JSON),
        ("", JSON),
        ("application/json", JSON),
        ("application/*", JSON),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSON),
        (PROMETHEUS_2, OPENMETRICS),
        (PROMETHEUS_3, OPENMETRICS),
        ("text/plain", TEXT),
        ("text/plain;version=0.0.4", TEXT),
        ("text/*", TEXT),
        ("text/plain, */*;q=0.1", TEXT),
        ("application/json;q=0.1, text/plain;q=0.2", TEXT),
        ("application/openmetrics-text; version=1.0.0", OPENMETRICS),
        ("Text/Plain", TEXT),
        ("application/json;q=0, */*", OPENMETRICS),
        ("image/png", None),
        ("application/json;q=0", None),
        ("application/json;q=nonsense", None),
        (";;;,", None),
    ],
)
def test_the_best_form(accept: str, form: str | None) -> None:
    """The highest quality wins, the most specific range decides a form's quality, and JSON is the first of equals."""
    assert best_form(accept, OFFERS) == form
