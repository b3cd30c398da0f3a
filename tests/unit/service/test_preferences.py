"""The Prefer field."""

import pytest
from starlette.requests import Request

from logos_pxl.service.context import RequestContext
from logos_pxl.service.reading import NONE, Preferences, preferences_of


def preferred(*fields: str) -> Preferences:
    headers = [(b"prefer", field.encode("latin-1")) for field in fields]
    scope = {"type": "http", "headers": headers}
    RequestContext.create(scope, "-")
    return preferences_of(Request(scope))


@pytest.mark.parametrize(
    ("fields", "respond_async", "wait_s"),
    [
        (["respond-async"], True, None),
        (["Respond-Async"], True, None),
        (["respond-async, wait=10"], True, 10),
        (["respond-async,wait=10"], True, 10),
        (["wait=10", "respond-async"], True, 10),
        (['wait="10"'], False, 10),
        (["wait = 10"], False, 10),
        (["wait=10, wait=20"], False, 10),
        (["wait=10; strictly, respond-async; q=1"], True, 10),
        (['handling="lenient, respond-async"'], False, None),
        (["wait=99999999999999999999"], False, 1_000_000),
        (["wait=0"], False, 0),
    ],
)
def test_what_rfc_7240_allows_is_understood(fields: list[str], respond_async: bool, wait_s: int | None) -> None:
    """In one field or several, quoted or not, in any case; the first of two counts."""
    assert preferred(*fields) == Preferences(respond_async=respond_async, wait_s=wait_s)


@pytest.mark.parametrize(
    "field", ["", ",,,", "wait", "wait=", "wait=-1", "wait=1.5", "wait=soon", "wait=\xb2", "return=minimal", "=;=", '"']
)
def test_what_is_not_understood_is_ignored(field: str) -> None:
    """No preference is ever an error."""
    assert preferred(field) == NONE


def test_a_long_field_takes_no_long_time() -> None:
    """The field is read once, whatever is in it."""
    assert preferred("a;" * 30_000) == NONE
    assert preferred('"' * 60_000) == NONE
    assert preferred("a=" + " " * 60_000) == NONE
