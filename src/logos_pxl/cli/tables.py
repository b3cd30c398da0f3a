"""Tables of worlds on standard output."""

import sys
from collections.abc import Sequence

from logos_pxl.cli.colours import coloured

_NARROW = 80


def print_table(worlds: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]], *, marked: str | None = None) -> None:
    """A column for each world and a row for each name; the column of the world ``marked`` stands out on a terminal."""
    from rich import box  # noqa: PLC0415 - only tables need it
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table("", box=box.SIMPLE_HEAD)
    for world in worlds:
        table.add_column(world, style="bold" if world == marked else "")
    for name, cells in rows:
        table.add_row(name, *cells)
    # A pipe has no width: nothing is cut there.
    width = None if sys.stdout.isatty() else max(_NARROW, 12 * (len(worlds) + 2) + max((len(name) for name, _ in rows), default=0))
    Console(width=width, markup=False, highlight=False, no_color=not coloured()).print(table)
