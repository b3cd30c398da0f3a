"""Colour, where it is wanted: on a terminal, unless NO_COLOR says otherwise (no-color.org); everywhere when FORCE_COLOR is set."""

import os
import sys
from typing import TextIO

import typer


def coloured(stream: TextIO | None = None) -> bool:
    """Whether ``stream``, standard output unless given, takes colours."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return (stream or sys.stdout).isatty() and os.environ.get("TERM") != "dumb"


def echo(*words: tuple[str, str | None] | str) -> None:
    """Print a line on standard output: words, each alone or with its colour."""
    colour = coloured()
    text = "".join(word if isinstance(word, str) else typer.style(word[0], fg=word[1]) if colour and word[1] else word[0] for word in words)
    # Not typer.echo: it looks for the stream beneath, and would write past the progress bar, which holds this one.
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
