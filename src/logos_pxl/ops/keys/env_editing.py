"""Several variables of an environment file changed at once.

Invariant: what comes out says what was asked and, for every other variable, what it said before; every other byte is as it was, comments,
blank lines and ends of lines included. Whatever cannot be changed so is refused.
"""

import io
import re
from collections.abc import Mapping

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream

from logos_pxl.ops.errors import OperationFailed

# What needs no quotes, and means the same to every reader of such files.
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,-]*")


def edited(text: str, changes: Mapping[str, str | None], *, after: str) -> str:
    """The file's text with these variables set, or removed where the value is ``None``; new ones come behind the line of ``after``.

    Raises OperationFailed when the file cannot be read or changed so.
    """
    if not all(_PLAIN.fullmatch(value or "") for value in changes.values()):
        raise OperationFailed("a value that needs quotes cannot be put into an environment file here")
    bindings = list(parse_stream(io.StringIO(text, newline="")))
    wrong = next((binding for binding in bindings if binding.error), None)
    if wrong is not None:
        raise OperationFailed(f"line {wrong.original.line} is no NAME=value line: mend it first")
    last = {binding.key: number for number, binding in enumerate(bindings) if binding.key}
    pieces: list[str] = []
    for number, binding in enumerate(bindings):
        key = binding.key or ""
        if key not in changes:
            pieces.append(binding.original.string)
        elif changes[key] is not None and last[key] == number:
            pieces.append(_with_value(binding, changes[key] or ""))
        else:
            pieces.append(_leading(binding.original.string))
        if key == after and last[key] == number:
            pieces.append(_added(pieces, changes, last))
    if after not in last:
        pieces.append(_added(pieces, changes, last))
    result = "".join(pieces)
    _require_as_asked(text, result, changes)
    return result


def _with_value(binding: Binding, value: str) -> str:
    """The line with another value; its quotes and its comment stay."""
    name, equals, rest = binding.original.string.partition("=")
    former = binding.value or ""
    return f"{name}{equals}{rest.replace(former, value, 1) if former else value + rest}" if equals else f"{name.rstrip()}={value}\n"


def _leading(line: str) -> str:
    """The blank lines before a line that goes: they are the file's."""
    blank = re.match(r"(?:[ \t]*\r?\n)*", line)
    return blank[0] if blank else ""


def _added(pieces: list[str], changes: Mapping[str, str | None], there: Mapping[str, int]) -> str:
    new = [f"{name}={value}" for name, value in changes.items() if value is not None and name not in there]
    if not new:
        return ""
    before = "".join(pieces)
    end = "\r\n" if before.endswith("\r\n") else "\n"
    return ("" if not before or before.endswith("\n") else end) + end.join(new) + end


def _require_as_asked(before: str, after: str, changes: Mapping[str, str | None]) -> None:
    wanted = {**_values(before), **{name: value for name, value in changes.items() if value is not None}}
    wanted = {name: value for name, value in wanted.items() if changes.get(name, value) is not None}
    if _values(after) != wanted:
        raise OperationFailed(
            "the file is written in a way that cannot be changed safely: set the variables by hand, one NAME=value line each"
        )


def _values(text: str) -> dict[str, str | None]:
    return dict(dotenv_values(stream=io.StringIO(text, newline=""), interpolate=False))
