"""Options and arguments that several commands take."""

from enum import StrEnum
from typing import Annotated

import typer


class InputFormat(StrEnum):
    """How goals are written."""

    PXL = "pxl"
    INTOHYLO = "intohylo"


class Shell(StrEnum):
    """Shells with completion."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


class ExportFormat(StrEnum):
    """How a certificate is written."""

    COQ = "v"
    JSON = "json"


Goals = Annotated[list[str] | None, typer.Argument(metavar="GOAL", help="Goals, such as 'BOX(A -> A)'.", show_default=False)]
File = Annotated[
    str | None,
    typer.Option("--file", "-f", metavar="FILE", help="Read goals from FILE, one a line; - is standard input.", show_default=False),
]
Format = Annotated[
    InputFormat,
    typer.Option("--format", help="pxl; or intohylo: the file is one formula, whose negation is the goal."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object for each goal, on one line.")]
TimeoutMs = Annotated[
    int | None,
    typer.Option("--timeout-ms", min=1, help="Milliseconds for each goal (PXL_DEFAULT_TIMEOUT_MS).", show_default=False),
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="URL",
        help="Ask the service at URL, not the local engine (PXL_URL; '' is the local engine). Signs with HMAC_SECRET_KEY.",
        show_default=False,
    ),
]
AtOnce = Annotated[
    int | None,
    typer.Option("--jobs", "-j", min=1, max=256, help="Goals worked on at once; as many as processors, at most 8.", show_default=False),
]
Summary = Annotated[
    bool | None,
    typer.Option("--summary/--no-summary", help="End with counts and rate on standard error; on a terminal by itself.", show_default=False),
]
