"""One Coq session by itself: checks a second, memory over its life, and certificates of many steps.

The rates are measured on raw frames, so they are the plugin's and Coq's own; the pool's rate stands beside them.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import logos_pxl_engine as engine

from bench import long_certificates as long
from bench.figures import median, percentile
from bench.machine import Machine
from bench.progress import told
from bench.raw_session import Check, NotAccepted, RawSession, raw_session
from bench.reporting import Floor, Part, Table
from bench.small_goals import small_goals
from logos_pxl.kernel import CheckKind, SessionPool, coq_sessions
from logos_pxl.settings import SessionSettings, Settings

MANUAL_GOAL = "BOX(A -> A)"
_MIB = 1 << 20
_SMALL_GOALS = 1_000
_RATE_CHECKS = 10_000
_BATCH = 100
_REPEATS = 5
_LIVES = (0, 5_000, 50_000)
_STEPS = (3_000, 30_000, 300_000)
_PIGEON_HOLES = (6, 7, 8)
_CHECK_TIMEOUT_S = 180.0
_RATE_FLOOR = 5_000
_MEMORY_FLOOR_MB = 80
_STEPS_FLOOR_S = 1.0


@dataclass(frozen=True, slots=True)
class LongCheck:
    """One long certificate's check in a fresh session. ``failure`` is empty when the kernel accepted."""

    what: str
    wanted_steps: int
    steps: int
    certificate_bytes: int
    check_ms: float
    kernel_ms: float
    peak_bytes: int
    after_bytes: int
    failure: str


async def measure(settings: Settings, machine: Machine, *, quick: bool) -> Part:
    """Measure rates, memory and long certificates. Raises NotAccepted when a small check is refused, and what opening sessions raises."""
    checks = _small_checks()
    session = settings.session()
    rates = await asyncio.to_thread(_rates, session, checks, quick=quick)
    pooled = [
        [f"{size} of a pool, as many callers", await _pool_rate(settings, checks, size, quick=quick)] for size in (1, settings.pool_size)
    ]
    lives = [count // 10 if quick else count for count in _LIVES]
    memory = [await asyncio.to_thread(_memory, session, checks, lives, statement=statement) for statement in (False, True)]
    long_checks = await asyncio.to_thread(_long_checks, session, quick=quick)
    return Part(
        name="sessions",
        title="Kernel sessions",
        measured_on=machine.sentence(),
        remarks=[
            f"Small checks: the certificates of {_SMALL_GOALS:,} small goals (as in the HTTP part). The manual's goal: `{MANUAL_GOAL}`.",
            f"One at a time: each request waits for the last reply. In a row: {_BATCH} requests are under way at once.",
            "Each long certificate is checked in a fresh session; memory is the resident memory of its process.",
        ],
        floors=_floors(rates, memory, long_checks),
        findings=[f"{c.what}, {c.steps:,} steps, {c.certificate_bytes:,} bytes: {c.failure}" for c in long_checks if c.failure],
        tables=[
            Table("Checks a second, one session (raw frames)", ["checks", *_RATE_COLUMNS], rates),
            Table("Checks a second through the pool", ["sessions", "checks a second"], pooled),
            Table("Memory of a session (MB)", ["checks", *(f"after {count:,}" for count in lives)], memory),
            _long_table(long_checks),
        ],
        rows=[{"what": c.what, "steps": c.steps, "kernel_ms": c.kernel_ms, "peak_bytes": c.peak_bytes} for c in long_checks],
    )


_RATE_COLUMNS = ("one at a time", "in a row", "kernel p50 (ms)", "kernel p95 (ms)")


def _small_checks() -> list[Check]:
    return [_check_of(goal) for goal in small_goals(_SMALL_GOALS)]


def _check_of(goal: str) -> Check:
    formula = engine.Formula.parse(goal)
    found = engine.search(formula, deadline_ms=5_000)
    if isinstance(found, engine.Unknown):
        raise NotAccepted(f"the search found nothing for {goal}: {found.reason}")
    kind = CheckKind.PROOF if isinstance(found, engine.Proof) else CheckKind.COUNTERMODEL
    return Check(kind, formula.wire(), found.certificate)


def _rates(settings: SessionSettings, checks: Sequence[Check], *, quick: bool) -> list[list[object]]:
    count = _RATE_CHECKS // 10 if quick else _RATE_CHECKS
    kinds = [
        ("the manual's goal", [_check_of(MANUAL_GOAL)], False),
        ("small goals", checks, False),
        ("small goals, statement printed", checks, True),
    ]
    rows: list[list[object]] = []
    for name, some, statement in kinds:
        with raw_session(settings) as session:
            many = [some[i % len(some)] for i in range(count)]
            singles, rows_of_many, kernel_ms = [], [], []
            for _ in range(_REPEATS):
                seconds, _ignored = _timed(session, many, 1, statement=statement)
                singles.append(count / seconds)
                seconds, kernel = _timed(session, many, _BATCH, statement=statement)
                rows_of_many.append(count / seconds)
                kernel_ms += kernel
        rows.append([name, median(singles), median(rows_of_many), percentile(kernel_ms, 50), percentile(kernel_ms, 95)])
    return rows


def _timed(session: RawSession, checks: Sequence[Check], batch: int, *, statement: bool) -> tuple[float, list[float]]:
    """Seconds for all checks, ``batch`` of them under way at once, and the kernel's own times in milliseconds."""
    kernel_ms: list[float] = []
    started = time.perf_counter()
    for first in range(0, len(checks), batch):
        kernel_ms += session.check(checks[first : first + batch], timeout_s=_CHECK_TIMEOUT_S, statement=statement)
    return time.perf_counter() - started, kernel_ms


async def _pool_rate(settings: Settings, checks: Sequence[Check], size: int, *, quick: bool) -> float:
    """Checks a second through a pool of this size, with as many callers as sessions: the median of some runs."""
    count = (_RATE_CHECKS // 10 if quick else _RATE_CHECKS) // 2
    sized = settings.model_copy(update={"pool_size": size})
    async with SessionPool(sized.pool(), coq_sessions(sized.session())) as pool:

        async def call(caller: int) -> None:
            for i in range(caller, count, size):
                check = checks[i % len(checks)]
                deadline = time.monotonic() + _CHECK_TIMEOUT_S
                judged = await pool.check(check.kind, check.goal, check.certificate, deadline=deadline, statement=False)
                if not judged.accepted:
                    raise NotAccepted(f"the pool's session refused a small check: {judged.reason}")

        rates = []
        for _ in range(_REPEATS):
            started = time.perf_counter()
            await asyncio.gather(*(call(caller) for caller in range(size)))
            rates.append(count / (time.perf_counter() - started))
    return median(rates)


def _memory(settings: SessionSettings, checks: Sequence[Check], lives: Sequence[int], *, statement: bool) -> list[object]:
    row: list[object] = ["small goals, statement printed" if statement else "small goals"]
    with raw_session(settings) as session:
        done = 0
        for life in told(f"memory ({row[0]})", lives):
            while done < life:
                batch = [checks[(done + i) % len(checks)] for i in range(min(_BATCH, life - done))]
                session.check(batch, timeout_s=_CHECK_TIMEOUT_S, statement=statement)
                done += len(batch)
            row.append(session.memory_bytes()[0] / 1e6)
    return row


def _long_checks(settings: SessionSettings, *, quick: bool) -> list[LongCheck]:
    found = []
    for wanted in told("long certificates", _STEPS[: 2 if quick else None]):
        found.append(_long_check(settings, "made, def only", wanted, long.made_of_def(wanted), wanted))
        found.append(_long_check(settings, "made, rup of two hints", wanted, long.made_of_rup(wanted), wanted))
        for problem in (long.implication_chain(wanted), long.modality_chain(wanted)):
            with suppress(NotAccepted):
                check, steps = long.real(problem)
                found.append(_long_check(settings, f"real: {problem.family}({problem.size:,})", wanted, check, steps))
    for holes in _PIGEON_HOLES[: 1 if quick else None]:
        problem = long.pigeonhole(holes)
        check, steps = long.real(problem)
        found.append(_long_check(settings, f"real: {problem.family}({holes})", steps, check, steps))
    return found


def _long_check(settings: SessionSettings, what: str, wanted: int, check: Check, steps: int) -> LongCheck:
    failure, kernel_ms, peak, after = "", [float("nan")], 0, 0
    started = time.perf_counter()
    try:
        with raw_session(settings) as session:
            started = time.perf_counter()
            kernel_ms = session.check([check], timeout_s=_CHECK_TIMEOUT_S)
            check_ms = (time.perf_counter() - started) * 1000
            after, peak = session.memory_bytes()
    except NotAccepted as error:
        check_ms = (time.perf_counter() - started) * 1000
        failure = str(error)
    return LongCheck(what, wanted, steps, len(check.certificate), check_ms, kernel_ms[0], peak, after, failure)


def _long_table(long_checks: Sequence[LongCheck]) -> Table:
    columns = ["certificate", "steps", "bytes", "check (ms)", "kernel (ms)", "kernel a step (us)", "peak (MB)", "after (MB)", "accepted"]
    rows = [
        [
            c.what,
            c.steps,
            c.certificate_bytes,
            c.check_ms,
            c.kernel_ms,
            c.kernel_ms * 1000 / c.steps,
            c.peak_bytes / 1e6,
            c.after_bytes / 1e6,
        ]
        for c in long_checks
    ]
    return Table("Long certificates", columns, [[*row, not c.failure] for row, c in zip(rows, long_checks, strict=True)])


def _floors(rates: Sequence[Sequence[object]], memory: Sequence[Sequence[object]], long_checks: Sequence[LongCheck]) -> list[Floor]:
    floors = []
    for row in rates:
        rate = float(str(row[2]))
        floors.append(Floor(f"checks a second, one session, in a row: {row[0]}", f"{_RATE_FLOOR:,}", f"{rate:,.0f}", rate >= _RATE_FLOOR))
    for row in memory:
        held = float(str(row[-1]))
        bound = f"at most {_MEMORY_FLOOR_MB} MB"
        floors.append(Floor(f"memory of a session after its last check: {row[0]}", bound, f"{held:.1f} MB", held <= _MEMORY_FLOOR_MB))
    for check in long_checks:
        shown = check.failure or f"{check.check_ms / 1000:.3g} s for {check.steps:,} steps"
        if check.wanted_steps == 30_000:
            passed = not check.failure and check.check_ms < _STEPS_FLOOR_S * 1000
            floors.append(Floor(f"30,000 steps, {check.what}", f"under {_STEPS_FLOOR_S:g} s", shown, passed))
        elif check.wanted_steps == 300_000:
            floors.append(Floor(f"300,000 steps, {check.what}", "no stack overflow", shown, not check.failure))
    return floors
