"""What a benchmark hands over (``Part``), and how it is shown: on the screen, as Markdown and as JSON.

Invariant: a part's JSON holds everything that its Markdown shows, so the summary can be made again from the parts of earlier runs.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.figures import shown

PARTS = ("lwb", "families", "http", "serve", "layers", "soak", "sessions", "page")
"""The order of the parts in the summary."""

_HEAD = """# Benchmark results

One run of `python -m bench` (see [docs/benchmarks.md](../../docs/benchmarks.md)). Machines are noisy, and this one is shared: compare
figures within one part, by their ratios, and repeat what you doubt. Times are medians where a measurement was repeated.
"""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under column names. Cells are numbers, text or ``None``; units stand in the column names."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]

    def lines(self) -> list[str]:
        """The table in Markdown, padded so that it reads on a screen too. Columns after the first are aligned to the right."""
        cells = [[shown(cell) for cell in row] for row in self.rows]
        widths = [max(3, *(len(row[i]) for row in [list(self.columns), *cells])) for i in range(len(self.columns))]

        def line(row: Sequence[str]) -> str:
            padded = [cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths, strict=True))]
            return f"| {' | '.join(padded)} |"

        rule = "|" + "|".join(("-" * (width + 2)) if i == 0 else ("-" * (width + 1) + ":") for i, width in enumerate(widths)) + "|"
        return [f"**{self.title}**", "", line(list(self.columns)), rule, *map(line, cells), ""]


@dataclass(frozen=True, slots=True)
class Floor:
    """A bound that a figure must keep."""

    what: str
    bound: str
    measured: str
    passed: bool

    def line(self) -> str:
        """One line of a list."""
        return f"* {'pass' if self.passed else 'FAIL'}: {self.what}: {self.measured} (floor: {self.bound})"


@dataclass(frozen=True, slots=True)
class Part:
    """One benchmark's outcome. ``findings`` are defects and surprises, each a sentence; ``rows`` the single measurements, for JSON."""

    name: str
    title: str
    measured_on: str
    remarks: Sequence[str]
    floors: Sequence[Floor]
    findings: Sequence[str]
    tables: Sequence[Table]
    plots: Sequence[str] = ()
    rows: Sequence[dict[str, Any]] = field(default=(), repr=False)

    def lines(self) -> list[str]:
        """The part in Markdown."""
        lines = [f"## {self.title}", "", f"Measured on {self.measured_on}.", ""]
        for remark in self.remarks:
            lines += [remark, ""]
        if self.floors:
            lines += [*(floor.line() for floor in self.floors), ""]
        if self.findings:
            lines += ["Findings:", "", *(f"* {finding}" for finding in self.findings), ""]
        for table in self.tables:
            lines += table.lines()
        for plot in self.plots:
            lines += [f"![{plot.rsplit('.', 1)[0].replace('-', ' ')}]({plot})", ""]
        return lines

    def save(self, folder: Path) -> None:
        """Write the part's JSON below ``folder``. Raises OSError."""
        raw = folder / "raw"
        raw.mkdir(parents=True, exist_ok=True)
        document = _without_nan(asdict(self))
        (raw / f"{self.name}.json").write_text(json.dumps(document, indent=1) + "\n")

    @classmethod
    def load(cls, folder: Path, name: str) -> "Part | None":
        """A part that was saved before, or ``None``."""
        path = folder / "raw" / f"{name}.json"
        if not path.is_file():
            return None
        document = json.loads(path.read_text())
        document["tables"] = [Table(**table) for table in document["tables"]]
        document["floors"] = [Floor(**floor) for floor in document["floors"]]
        return cls(**document)


def write_summary(folder: Path) -> Path:
    """Write ``summary.md`` from all parts saved in ``folder``, and return its path. Raises OSError."""
    lines = [_HEAD]
    for name in PARTS:
        part = Part.load(folder, name)
        if part is not None:
            lines += part.lines()
    path = folder / "summary.md"
    path.write_text("\n".join(lines).rstrip() + "\n")
    return path


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value
