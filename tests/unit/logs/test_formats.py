"""Records as lines: one each, whatever they hold."""

import json
import logging
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logos_pxl.logs.formats import REQUEST_ID, escaped, formatter, iso, quoted


@pytest.fixture
def asked() -> Iterator[None]:
    """The test is what a request does."""
    token = REQUEST_ID.set("abc")
    yield
    REQUEST_ID.reset(token)


def record(message: str, *arguments: object, error: BaseException | None = None, name: str = "logos_pxl.part") -> logging.LogRecord:
    exc_info = None if error is None else (type(error), error, error.__traceback__)
    made = logging.LogRecord(name, logging.ERROR, __file__, 1, message, arguments, exc_info)
    made.created = 1_767_225_600.25
    return made


def fail(sent: str) -> None:
    raise ValueError(f"{sent}\nsecond line")


def raised() -> Exception:
    """An error with a cause, whose messages quote a client."""
    sent = "confidential"
    try:
        try:
            fail(sent)
        except ValueError as cause:
            raise RuntimeError("also " + sent) from cause
    except RuntimeError as error:
        return error
    raise AssertionError


@given(st.text())
def test_escaped_text_is_of_one_line(text: str) -> None:
    """Nothing in it moves a cursor or turns the direction, and it can be written."""
    made = escaped(text)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", made)
    made.encode("utf-8")
    assert made.splitlines() in ([], [made])


@given(st.text())
def test_quoted_text_ends_where_it_ends(text: str) -> None:
    """A quote within it is no end."""
    assert re.fullmatch(r'"(?:[^"\\]|\\.)*"', quoted(text))


@given(st.text(), st.text())
def test_a_record_is_a_line(message: str, argument: str) -> None:
    """In both forms, whatever it holds."""
    for form in ("text", "json"):
        line = formatter(form).format(record(message.replace("%", "") + " %s", argument))  # type: ignore[arg-type]
        assert len(line.splitlines()) == 1
        line.encode()
        if form == "json":
            assert json.loads(line)["level"] == "ERROR"


@pytest.mark.usefixtures("asked")
def test_a_line_in_text() -> None:
    """Time, level, part, message, and the request's id."""
    assert formatter("text").format(record("it %s", "happened")) == "2026-01-01T00:00:00Z ERROR part: it happened request_id=abc"


@pytest.mark.usefixtures("asked")
def test_a_line_in_json() -> None:
    """The same as an object."""
    assert json.loads(formatter("json").format(record("it %s", "happened"))) == {
        "timestamp": "2026-01-01T00:00:00Z",
        "level": "ERROR",
        "logger": "logos_pxl.part",
        "event": "it happened",
        "request_id": "abc",
    }


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_trace_within_a_request_withholds_messages(form: str) -> None:
    """Places and classes are shown, what a client may have sent is not; each line has the request's id."""
    shown = formatter(form).format(record("failed", error=raised()))  # type: ignore[arg-type]
    assert "confidential" not in shown
    assert "RuntimeError" in shown
    assert "ValueError" in shown
    assert "test_formats.py" in shown
    if form == "text":
        assert all(line.startswith("  | abc ") for line in shown.splitlines()[1:])
    else:
        assert isinstance(json.loads(shown)["trace"], list)


def test_messages_are_shown_where_no_client_is_concerned() -> None:
    """Outside of requests."""
    assert "also confidential" in formatter("text").format(record("failed", error=raised())).splitlines()[-1]


@pytest.mark.usefixtures("asked")
def test_messages_are_shown_to_those_who_ask_for_them(caplog: pytest.LogCaptureFixture) -> None:
    """At the level DEBUG."""
    with caplog.at_level(logging.DEBUG):
        assert "also confidential" in formatter("text").format(record("failed", error=raised())).splitlines()[-1]


def test_no_time_is_taken_for_a_status() -> None:
    """The manual counts refused signatures by ``grep -c 401``."""
    for hundredth in range(0, 86_400_00, 997):
        now = 1_767_225_600 + hundredth / 100
        assert "401" not in iso(now)


def test_words_of_other_parts_are_no_errors() -> None:
    """Uvicorn's logger is named so that the manual's search for errors would find every line of it."""
    made = record("Started", name="uvicorn.error")
    made.levelname = "INFO"
    assert "error" not in formatter("text").format(made).lower()
