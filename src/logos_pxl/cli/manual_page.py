"""The manual page pxl(1), made from the commands themselves: ``python -m logos_pxl.cli.manual_page > docs/man/pxl.1``."""

import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from enum import StrEnum

import typer
from typer.core import TyperArgument, TyperGroup, TyperOption
from typer.main import get_command

from logos_pxl.cli.app import app

# mandoc finds lines over 80 bytes hard to read; escapes make them longer.
_WIDTH = 70
_MARKUP = re.compile(r"\[/?(?:bold|dim)\]")

_HEAD = r""".\" Made by "python -m logos_pxl.cli.manual_page": do not edit.
.Dd $Mdocdate$
.Dt PXL 1
.Os
.Sh NAME
.Nm pxl
.Nd decide goals of the modal logic S5, with verdicts checked by the Coq kernel
.Sh SYNOPSIS
.Nm
.Ar command
.Op Ar options
.Op Ar arguments
.Sh DESCRIPTION
"""

_TAIL = r""".Sh ENVIRONMENT
.Bl -tag -width Ds
.It Ev PXL_URL
The service to ask instead of the local engine, as with
.Fl -url .
.It Ev HMAC_SECRET_KEY
The key that requests to it are signed with.
.It Ev NO_COLOR , FORCE_COLOR
No colours at all; colours where standard output is no terminal, too.
.It Ev PXL_ENV_FILE , PXL_CONFIG_DIR
Where other settings are read from.
.El
.Sh EXIT STATUS
.Bl -tag -width Ds -compact
.It 0
valid, accepted, done
.It 1
invalid, refused
.It 2
error
.It 3
unknown
.El
.Pp
Of several goals the worst counts: 2, then 3, then 1, then 0.
.Nm pxl ops
has statuses of its own, which its commands tell.
"""


def manual_page() -> str:
    """The page in mdoc(7)."""
    root = get_command(app)
    if not isinstance(root, TyperGroup):
        raise TypeError("pxl has several commands")
    lines = [_HEAD.rstrip("\n"), *_prose(root.help or ""), ".Sh COMMANDS"]
    for name, command in _commands(root, ""):
        lines += _command(name, command)
    return "\n".join([*lines, _TAIL.rstrip("\n"), ""])


def _commands(group: TyperGroup, prefix: str) -> Iterator[tuple[str, typer.core.TyperCommand]]:
    for name, command in group.commands.items():
        if command.hidden:
            continue
        if isinstance(command, TyperGroup):
            yield from _commands(command, f"{prefix}{name} ")
        elif isinstance(command, typer.core.TyperCommand):
            yield f"{prefix}{name}", command


def _command(name: str, command: typer.core.TyperCommand) -> Iterator[str]:
    yield f".Ss pxl {name}"
    yield from _prose(inspect.cleandoc(command.help or ""))
    described = [line for parameter in command.params for line in _parameter(parameter)]
    if described:
        yield from [".Bl -tag -width Ds", *described, ".El"]
    if command.epilog:
        yield from _examples(command.epilog)


def _parameter(parameter: object) -> Iterator[str]:
    if isinstance(parameter, TyperArgument) and not parameter.hidden:
        yield f".It Ar {_escaped(parameter.metavar or parameter.name or 'value')}"
        yield from _prose(parameter.help or "What it is about.")
    elif isinstance(parameter, TyperOption) and not parameter.hidden:
        names = [*parameter.opts, *parameter.secondary_opts]
        value = "" if parameter.is_flag else f" Ar {_escaped(parameter.metavar or _value_name(parameter))}"
        yield ".It " + " , ".join(f"Fl {_escaped(name.removeprefix('-'))}{value}" for name in names)
        yield from _prose(parameter.help or "")


def _value_name(parameter: TyperOption) -> str:
    kind = parameter.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return "|".join(kind)
    return (parameter.name or "value").replace("_", "-")


def _prose(text: str) -> Iterator[str]:
    for place, paragraph in enumerate(_MARKUP.sub("", text).split("\n\n")):
        if place:
            yield ".Pp"
        for sentence in _sentences(" ".join(paragraph.split())):
            yield from (_escaped(line) for line in textwrap.wrap(sentence, _WIDTH, break_long_words=False, break_on_hyphens=False))


def _sentences(text: str) -> list[str]:
    """One a line, as mdoc wants it."""
    return re.split(r"(?<=[.:?]) (?=[A-Z])", text)


def _examples(epilog: str) -> Iterator[str]:
    yield ".Pp"
    for line in _MARKUP.sub("", epilog).splitlines():
        text = line.strip()
        if text == "Examples":
            continue
        yield f".Dl {_escaped(text)}"


def _escaped(text: str) -> str:
    """``text`` such that mandoc takes it for itself."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace('"', "\\(dq")
    return "\\&" + escaped if escaped.startswith((".", "\\(aq")) else escaped


if __name__ == "__main__":
    sys.stdout.write(manual_page())
