"""Families of goals that we make ourselves, growing until they are hard: search, certificate and kernel check at every size."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, product
from pathlib import Path

from bench import growing, plots, randoms
from bench.deciding import Decider, Decision, Problem, deciding
from bench.figures import median, percentile
from bench.growing import Generator
from bench.machine import Machine
from bench.progress import told
from bench.reporting import Floor, Part, Table
from logos_pxl.settings import Settings

BUDGET_S = 10.0
_REPEATS = 3
_CHAIN = 1_000
_CHAIN_FAMILIES = ("alternating chain", "box chain", "unequal chain")
_CHAIN_FLOOR_MS = 1_000
_SLOW_MS = 1_000


@dataclass(frozen=True, slots=True)
class Family:
    """Goals of growing size with one verdict. After a size that is left unknown, larger ones are not tried."""

    name: str
    generate: Generator
    expected: str
    sizes: Sequence[int]


_LONG = (10, 30, 100, 300, 1_000, 3_000, 9_000)
_WIDE = (2, 4, 8, 16, 32)

GROWING = (
    Family("pigeonhole under BOX", growing.pigeonhole_under_box, "valid", range(2, 13)),
    Family("pigeonhole strict", growing.pigeonhole_strict, "valid", range(2, 13)),
    Family("pigeonhole of boxes", growing.pigeonhole_of_boxes, "valid", range(2, 13)),
    Family("pigeonhole that fits", growing.pigeonhole_that_fits, "invalid", (2, 4, 8, 12, 16, 20, 24, 32)),
    Family("alternating chain", growing.alternating_chain, "valid", _LONG),
    Family("box chain", growing.box_chain, "valid", _LONG),
    Family("unequal chain", growing.unequal_chain, "invalid", _LONG),
    Family("nested strict implications", growing.nested_strict_implications, "valid", (10, 30, 100, 300, 1_000, 3_000)),
    Family("modal ladder", growing.modal_ladder, "valid", (10, 30, 100, 300, 1_000, 3_000)),
    Family("implication chain", growing.implication_chain, "valid", (*_LONG, 19_000)),
    Family("strict implication chain", growing.strict_implication_chain, "valid", (*_LONG, 19_000)),
    Family("broken chain", growing.broken_chain, "invalid", _LONG),
    Family("many worlds", growing.many_worlds, "invalid", (3, 10, 30, 100, 200)),
    Family("equivalence ring", growing.equivalence_ring, "valid", (4, 8, 12, 16, 24, 32, 64, 128)),
    Family("Barcan", growing.barcan, "valid", (*_WIDE, 64, 128)),
    Family("Buridan", growing.buridan, "valid", (*_WIDE, 64)),
    Family("Buridan, converse", growing.buridan_converse, "invalid", (*_WIDE, 64, 128)),
    Family("endless order", growing.endless_order, "valid", (2, 3, 4, 6, 8, 12, 16, 24)),
)

_3CNF_ATOMS = (10, 20, 40)
_3CNF_RATIOS = (2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 32)
_SEEDS = 5
_PLAIN_ATOMS = (50, 100, 150, 200)
_PLAIN_RATIO = 4.26
_QBF_BLOCKS = (2, 3, 4)
_QBF_RATIOS = (1.0, 2.0, 3.0)
_QBF_TREES = (5, 10, 20, 40)


async def measure(settings: Settings, machine: Machine, out: Path, *, quick: bool) -> Part:
    """Decide the families (``quick``: small sizes only). Raises what ``deciding`` raises."""
    async with deciding(settings) as decider:
        grown = await _grow(decider, quick=quick)
        expected = _random_problems(quick=quick)
        drawn = [await decider.decide(problem, timeout_s=BUDGET_S) for problem in told("random families", expected)]
    decisions = [*grown, *drawn]
    wanted = {family.name: family.expected for family in GROWING}
    pairs = [(decision, wanted[decision.family]) for decision in grown]
    pairs += [(decision, problem.expected) for problem, decision in zip(expected, drawn, strict=True)]
    return Part(
        name="families",
        title="Growing families",
        measured_on=machine.sentence(),
        remarks=[
            f"Each goal has {BUDGET_S:g} s for parsing, search and kernel check together; a growing family ends with its first unknown.",
            f"Growing families: medians of {_REPEATS} runs (of one, where it takes long). Random families: single runs of different goals.",
        ],
        floors=_floors(grown),
        findings=[line for decision, verdict in pairs for line in _finding(decision, verdict)],
        tables=[_growing_table(grown), _random_table(drawn)],
        plots=[_growth_plot(out, grown), _ratio_plot(out, drawn)],
        rows=[decision.document() for decision in decisions],
    )


async def _grow(decider: Decider, *, quick: bool) -> list[Decision]:
    decisions = []
    for family in told("growing families", GROWING):
        sizes = list(family.sizes)[:5] if quick else family.sizes
        for size in sizes:
            problem = Problem(family.name, size, family.generate(size), expected=family.expected)
            decision = await decider.decide(problem, timeout_s=BUDGET_S, repeats=_REPEATS)
            decisions.append(decision)
            if not decision.decided:
                break
    return decisions


def _random_problems(*, quick: bool) -> list[Problem]:
    seeds = range(2 if quick else _SEEDS)
    levels = 1 if quick else None
    draws = [_modal_3cnf(atoms, ratio, seed) for atoms, ratio, seed in product(_3CNF_ATOMS[:levels], _3CNF_RATIOS, seeds)]
    draws += [_plain_3cnf(atoms, seed) for atoms, seed in product(_PLAIN_ATOMS[:levels], seeds)]
    draws += [_qbf_worlds(block, ratio, seed) for block, ratio, seed in product(_QBF_BLOCKS[:levels], _QBF_RATIOS, seeds)]
    draws += [_qbf_tree(variables, seed) for variables, seed in product(_QBF_TREES[:levels], seeds)]
    return draws


def _modal_3cnf(atoms: int, ratio: int, seed: int) -> Problem:
    text = randoms.modal_3cnf(atoms, ratio * atoms, seed)
    return Problem(f"modal 3-CNF, {atoms} atoms", ratio, text, label=f"modal_3cnf({atoms}, {ratio * atoms}, {seed})")


def _plain_3cnf(atoms: int, seed: int) -> Problem:
    clauses = round(_PLAIN_RATIO * atoms)
    text = randoms.modal_3cnf(atoms, clauses, seed, modal_share=0)
    return Problem("plain 3-CNF at its threshold", atoms, text, label=f"modal_3cnf({atoms}, {clauses}, {seed}, modal_share=0)")


def _qbf_worlds(block: int, ratio: float, seed: int) -> Problem:
    clauses = round(ratio * 3 * block)
    verdict = "invalid" if randoms.qbf_truth(block, clauses, seed) else "valid"
    text = randoms.qbf_worlds(block, clauses, seed)
    return Problem("QBF, a world for each choice", block, text, expected=verdict, label=f"qbf_worlds({block}, {clauses}, {seed})")


def _qbf_tree(variables: int, seed: int) -> Problem:
    text = randoms.qbf_tree(variables, 4 * variables, seed)
    return Problem("QBF, tree translation", variables, text, label=f"qbf_tree({variables}, {4 * variables}, {seed})")


def _finding(decision: Decision, expected: str | None) -> list[str]:
    name = f"{decision.family}, size {decision.size}" + (f", {decision.label}" if decision.label else "")
    if decision.decided and expected is not None and decision.verdict != expected:
        return [f"{name}: WRONG: {decision.verdict}, where {expected} is right"]
    if not decision.decided:
        return [f"{name}: unknown after {decision.search_ms:,.0f} ms of search: {decision.reason}"]
    if decision.search_ms > _SLOW_MS:
        return [f"{name}: {decision.search_ms:,.0f} ms of search, {decision.conflicts:,} conflicts, {decision.nodes:,} nodes"]
    return []


def _floors(grown: Sequence[Decision]) -> list[Floor]:
    chains = [d for d in grown if d.size == _CHAIN and d.family in _CHAIN_FAMILIES]
    slowest = max((d.search_ms for d in chains), default=float("inf"))
    passed = len(chains) == len(_CHAIN_FAMILIES) and all(d.decided for d in chains) and slowest < _CHAIN_FLOOR_MS
    shown = f"{slowest:.3g} ms" if chains else "not measured"
    return [Floor(f"search of a chain of {_CHAIN:,} modalities, slowest of {len(_CHAIN_FAMILIES)}", "under 1 s", shown, passed)]


def _growing_table(grown: Sequence[Decision]) -> Table:
    columns = ["family", "n", "verdict", "nodes", "search (ms)", "conflicts", "steps", "worlds", "certificate (bytes)", "kernel (ms)"]
    rows = [
        [d.family, d.size, d.verdict, d.nodes, d.search_ms, d.conflicts, d.steps, d.worlds, d.certificate_bytes, d.kernel_ms] for d in grown
    ]
    return Table("Growing families", columns, rows)


def _random_table(drawn: Sequence[Decision]) -> Table:
    rows = []
    for (family, size), group in groupby(drawn, key=lambda d: (d.family, d.size)):
        goals = list(group)
        decided = [d for d in goals if d.decided]
        searches = [d.search_ms for d in goals]
        rows.append(
            [
                family,
                size,
                len(goals),
                sum(d.verdict == "valid" for d in goals),
                len(goals) - len(decided),
                median(searches),
                percentile(searches, 90),
                max(searches),
                median([d.certificate_bytes or 0 for d in decided]),
                median([d.kernel_ms or 0.0 for d in decided]),
                max((d.kernel_ms or 0.0 for d in decided), default=None),
            ]
        )
    measures = ["search p50 (ms)", "p90", "max", "certificate p50 (bytes)", "kernel p50 (ms)", "max"]
    return Table(
        "Random families (n: atoms, block or variables; for modal 3-CNF clauses over atoms)",
        ["family", "n", "goals", "valid", "unknown", *measures],
        rows,
    )


def _growth_plot(out: Path, grown: Sequence[Decision]) -> str:
    def series(measure: str) -> dict[str, list[tuple[float, float]]]:
        lines: dict[str, list[tuple[float, float]]] = {d.family: [] for d in grown}
        for d in grown:
            if d.decided:
                lines[d.family].append((d.size, getattr(d, measure) or 0))
        return lines

    measures = [("search (ms)", "search_ms"), ("certificate (bytes)", "certificate_bytes"), ("kernel check (ms)", "kernel_ms")]
    return plots.growth(out, "families-growing", [(title, series(measure)) for title, measure in measures], x_title="n")


def _ratio_plot(out: Path, drawn: Sequence[Decision]) -> str:
    groups: dict[str, dict[int, list[Decision]]] = defaultdict(lambda: defaultdict(list))
    for d in drawn:
        if d.family.startswith("modal 3-CNF"):
            groups[d.family][d.size].append(d)

    def series(measure: str) -> dict[str, list[tuple[float, float]]]:
        return {
            family: [(ratio, median([getattr(d, measure) or 0 for d in some])) for ratio, some in ratios.items()]
            for family, ratios in groups.items()
        }

    shares = {
        family: [(ratio, 100 * sum(d.verdict == "valid" for d in some) / len(some)) for ratio, some in ratios.items()]
        for family, ratios in groups.items()
    }
    panels = [("search, median (ms)", series("search_ms")), ("kernel check, median (ms)", series("kernel_ms")), ("valid (%)", shares)]
    return plots.growth(out, "families-modal-3cnf", panels, x_title="clauses over atoms", log_x=False)
