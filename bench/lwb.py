"""The LWB problems as S5 goals: each decided and kernel-checked within its budget, told family by family.

The archive (54 families of 21 sizes; Balsiger, Heuerding, Schwendimann: A Benchmark Method for the Propositional Modal Logics K, KT, S4,
JAR 2000) is not part of the project: the variable PXL_LWB_ARCHIVE, or the option --lwb, names it. Each file holds a formula to be tested
for satisfiability; the goal is its negation. A family that ends in ``_p`` is provable in the logic it is named after, and so in S5.
"""

import math
import tarfile
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path, PurePosixPath

from bench import plots
from bench.deciding import Decision, Problem, deciding
from bench.figures import median
from bench.machine import Machine
from bench.progress import told
from bench.reporting import Floor, Part, Table
from logos_pxl.settings import Settings

BUDGET_S = 10.0
PROBLEMS = 1_134
VARIABLE = "PXL_LWB_ARCHIVE"
_SLOW_MS = 1_000
_REPEATS = 3
_QUICK_SIZES = frozenset({1, 6, 11})


class ArchiveMissing(Exception):
    """The archive cannot be read; the message says what would do."""


def problems(archive: Path | None) -> list[Problem]:
    """All problems in the archive, by family and size. Raises ArchiveMissing."""
    if archive is None or not archive.is_file():
        given = "is not set" if archive is None else f"names no file: {archive.name!r}"
        raise ArchiveMissing(f"{VARIABLE} {given}; give the path of the LWB archive (lwb-intohylo.tar.xz) in it, or by --lwb")
    try:
        with tarfile.open(archive) as opened:
            found = list(_read(opened))
    except (tarfile.TarError, OSError, UnicodeDecodeError) as error:
        raise ArchiveMissing(f"{archive.name!r} cannot be read as a tar archive of problems: {error}") from error
    return sorted(found, key=lambda problem: (problem.family, problem.size))


def _read(opened: tarfile.TarFile) -> Iterator[Problem]:
    for member in opened:
        path = PurePosixPath(member.name)
        content = opened.extractfile(member) if path.suffix == ".intohylo" else None
        if content is not None:
            family, _, size = path.stem.partition(".")
            expected = "valid" if family.endswith("_p") else None
            yield Problem(family, int(size), content.read().decode(), syntax="intohylo", expected=expected)


async def measure(settings: Settings, machine: Machine, out: Path, *, quick: bool, archive: Path | None) -> Part:
    """Decide all problems (``quick``: three sizes of each family). Raises ArchiveMissing, and what ``deciding`` raises."""
    wanted = [problem for problem in problems(archive) if not quick or problem.size in _QUICK_SIZES]
    async with deciding(settings) as decider:
        decisions = [await decider.decide(problem, timeout_s=BUDGET_S, repeats=_REPEATS) for problem in told("lwb", wanted)]
    return Part(
        name="lwb",
        title="LWB problems as S5 goals",
        measured_on=machine.sentence(),
        remarks=[
            f"{len(wanted)} problems, {BUDGET_S:g} s each for parsing, search and kernel check together, one at a time on one session.",
            "Search, steps, worlds, bytes and kernel check are those of decided goals: the median and the largest of a family.",
        ],
        floors=_floors(wanted, decisions),
        findings=_findings(wanted, decisions),
        tables=[_totals(decisions), _by_family(decisions), _slowest(decisions)],
        plots=[_plot(out, decisions)],
        rows=[decision.document() for decision in decisions],
    )


def _floors(wanted: Sequence[Problem], decisions: Sequence[Decision]) -> list[Floor]:
    decided = sum(decision.decided for decision in decisions)
    valid_in_name = [decision for problem, decision in zip(wanted, decisions, strict=True) if problem.expected == "valid"]
    refuted = sum(decision.verdict == "invalid" for decision in valid_in_name)
    proved = sum(decision.verdict == "valid" for decision in valid_in_name)
    return [
        Floor("problems decided and kernel-checked", f"all {len(wanted)}", f"{decided}", decided == len(wanted)),
        Floor("_p problems refuted", "0", f"{refuted} (of {len(valid_in_name)}, {proved} proved)", refuted == 0),
    ]


def _findings(wanted: Sequence[Problem], decisions: Sequence[Decision]) -> list[str]:
    lines = []
    for problem, decision in zip(wanted, decisions, strict=True):
        name = f"{problem.family}.{problem.size:04}"
        if problem.expected is not None and decision.decided and decision.verdict != problem.expected:
            lines.append(f"{name}: WRONG: {decision.verdict}, and {problem.expected} by its family's name")
        if not decision.decided:
            lines.append(f"{name}: unknown after {decision.search_ms:,.0f} ms of search: {decision.reason}")
    return lines


def _totals(decisions: Sequence[Decision]) -> Table:
    kinds = [("valid", "valid"), ("invalid", "invalid"), ("unknown", "unknown")]
    rows = []
    for verdict, label in kinds:
        some = [decision for decision in decisions if decision.verdict == verdict]
        rows.append([label, len(some), sum(d.search_ms for d in some) / 1000, sum(d.check_ms or 0 for d in some) / 1000])
    return Table("All problems", ["verdict", "problems", "search, sum (s)", "kernel check, sum (s)"], rows)


def _by_family(decisions: Sequence[Decision]) -> Table:
    rows: list[list[object]] = []
    for family, group in groupby(decisions, key=lambda decision: decision.family):
        members = list(group)
        decided = [decision for decision in members if decision.decided]
        rows.append(
            [
                family,
                f"{len(decided)}/{len(members)}",
                sum(decision.verdict == "valid" for decision in members),
                sum(decision.verdict == "invalid" for decision in members),
                *_spread([decision.search_ms for decision in decided]),
                *_spread([decision.steps for decision in decided]),
                *_spread([decision.worlds for decision in decided]),
                *_spread([decision.certificate_bytes for decision in decided]),
                *_spread([decision.kernel_ms for decision in decided]),
            ]
        )
    measures = ["search (ms)", "steps", "worlds", "certificate (bytes)", "kernel (ms)"]
    columns = ["family", "decided", "valid", "invalid", *(f"{m}{end}" for m in measures for end in ("", ", max"))]
    return Table("By family", columns, rows)


def _spread(values: Sequence[float | int | None]) -> tuple[object, object]:
    known = [value for value in values if value is not None]
    return (median(known), max(known)) if known else (None, None)


def _slowest(decisions: Sequence[Decision]) -> Table:
    slow = [d for d in decisions if d.search_ms + (d.check_ms or 0) > _SLOW_MS]
    slow.sort(key=lambda d: (d.family, d.size))
    rows = [
        [f"{d.family}.{d.size:04}", d.verdict, d.nodes, d.search_ms, d.conflicts, d.steps, d.certificate_bytes, d.kernel_ms] for d in slow
    ]
    columns = ["problem", "verdict", "nodes", "search (ms)", "conflicts", "steps", "certificate (bytes)", "kernel (ms)"]
    return Table("Problems over 1 s in all", columns, rows)


def _plot(out: Path, decisions: Sequence[Decision]) -> str:
    def series(measure: str, *, undecided: bool = False) -> dict[str, list[tuple[float, float]]]:
        points: dict[str, list[tuple[float, float]]] = {decision.family: [] for decision in decisions}
        for decision in decisions:
            value = getattr(decision, measure)
            if value is not None and (decision.decided or undecided) and not math.isnan(value):
                points[decision.family].append((decision.size, value))
        return points

    panels = [
        ("search (ms; at the dashed line: unknown)", series("search_ms", undecided=True)),
        ("proof steps", series("steps")),
        ("certificate (bytes)", series("certificate_bytes")),
        ("kernel check (ms)", series("kernel_ms")),
    ]
    return plots.strips(out, "lwb", panels, bound=BUDGET_S * 1000)
