"""``pxl bench``: how fast goals are decided here, or by a service, now. For real measurements there is ``make bench``."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from itertools import count
from statistics import quantiles

import typer

from logos_pxl.cli.deciding import at_once, opened_prover, service_address
from logos_pxl.cli.printing import ExitStatus, print_error, print_json
from logos_pxl.client.interface import AsyncProver
from logos_pxl.errors import PxlError
from logos_pxl.wire.verdicts import Verdict

# Of each kind a few, small and a little larger; {0} makes the atoms of each run new.
_GOALS = (
    "BOX(p{0} -> q{0}) -> (BOX p{0} -> BOX q{0})",
    "p{0} -> BOX p{0}",
    "DIA BOX p{0} -> BOX p{0}",
    "BOX(p{0} \\/ q{0}) -> BOX p{0} \\/ BOX q{0}",
    "(p{0} -> q{0}) -> ((q{0} -> r{0}) -> (p{0} -> r{0}))",
    "BOX(p{0} /\\ q{0} /\\ r{0} /\\ s{0}) <-> (BOX p{0} /\\ BOX q{0} /\\ BOX r{0} /\\ BOX s{0})",
    "DIA p{0} /\\ DIA q{0} /\\ DIA r{0} -> DIA(p{0} /\\ q{0} /\\ r{0})",
)
_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, in milliseconds."""

    name: str
    p50_ms: float
    p95_ms: float
    count: int


@dataclass(slots=True)
class Samples:
    """What was seen of each goal. ``all_at_once_per_s`` is the rate with several goals at work."""

    search_ms: list[float] = field(default_factory=list)
    kernel_ms: list[float] = field(default_factory=list)
    whole_ms: list[float] = field(default_factory=list)
    methods: Counter[str] = field(default_factory=Counter)
    all_at_once_per_s: float = 0.0

    def add(self, verdict: Verdict, whole_ms: float) -> None:
        """One goal, decided."""
        self.search_ms.append(verdict.search_ms)
        self.kernel_ms.append(verdict.kernel_ms)
        self.whole_ms.append(whole_ms)
        self.methods[verdict.proof_method] += 1

    def figures(self) -> list[Figure]:
        """Search, kernel, and from the text to the verdict."""
        return [_figure("search", self.search_ms), _figure("kernel", self.kernel_ms), _figure("end to end", self.whole_ms)]


def measure(url: str | None, *, seconds: float, jobs: int | None, as_json: bool) -> ExitStatus:
    """Decide built-in goals for about ``seconds``, half of them one by one, half of them ``jobs`` at once, and print the figures."""
    try:
        address, width = service_address(url), at_once(jobs, 1 << 16)
        samples = asyncio.run(_measured(address, seconds, width))
    except PxlError as error:
        print_error(error)
        return ExitStatus.ERROR
    if as_json:
        document = {"service": address, "jobs": width, "methods": dict(samples.methods), "all_at_once_per_s": samples.all_at_once_per_s}
        print_json(document | {figure.name.replace(" ", "_"): asdict(figure) for figure in samples.figures()})
    else:
        _print(samples, address, width)
    return ExitStatus.VALID


async def _measured(address: str | None, seconds: float, width: int) -> Samples:
    samples = Samples()
    async with AsyncExitStack() as stack:
        if address is None:
            from logos_pxl.local import local_prover  # noqa: PLC0415 - a service can be measured where there is no engine

            # Without a cache: a goal with other atoms would be recognised.
            prover: AsyncProver = await stack.enter_async_context(local_prover(sessions=width, cache_ttl_s=0))
        else:
            prover = await stack.enter_async_context(opened_prover(address, sessions=width))
        goals = _fresh_goals()
        await prover.prove(next(goals))
        await _one_by_one(prover, goals, time.monotonic() + seconds / 2, samples)
        samples.all_at_once_per_s = await _together(prover, goals, seconds / 2, width)
    return samples


async def _one_by_one(prover: AsyncProver, goals: Iterator[str], until: float, samples: Samples) -> None:
    while len(samples.whole_ms) < len(_GOALS) or time.monotonic() < until:
        began = time.monotonic()
        verdict = await prover.prove(next(goals))
        samples.add(verdict, (time.monotonic() - began) * 1000)


async def _together(prover: AsyncProver, goals: Iterator[str], seconds: float, width: int) -> float:
    """Verdicts a second with ``width`` goals at work."""
    began, done = time.monotonic(), 0

    async def work() -> None:
        nonlocal done
        while time.monotonic() - began < seconds:
            await prover.prove(next(goals))
            done += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(width):
            group.create_task(work())
    return round(done / (time.monotonic() - began), 1)


def _fresh_goals() -> Iterator[str]:
    unique = time.time_ns() % 1_000_000_000
    for number in count():
        yield _GOALS[number % len(_GOALS)].format(f"_{unique}_{number}")


def _figure(name: str, values_ms: list[float]) -> Figure:
    cuts = quantiles(values_ms, n=_PERCENT, method="inclusive")
    return Figure(name, round(cuts[49], 3), round(cuts[94], 3), len(values_ms))


def _print(samples: Samples, address: str | None, width: int) -> None:
    typer.echo(f"{address or 'The engine and Coq of this machine'}; small goals with new atoms each, milliseconds\n")
    typer.echo(f"{'':<12}{'p50':>10}{'p95':>10}{'goals':>8}")
    for figure in samples.figures():
        typer.echo(f"{figure.name:<12}{figure.p50_ms:>10.3f}{figure.p95_ms:>10.3f}{figure.count:>8}")
    typer.echo(f"\n{samples.all_at_once_per_s:.1f} goals a second with {width} at once; decided by {_told(samples.methods)}")


def _told(methods: Counter[str]) -> str:
    return ", ".join(f"{method} ({number})" for method, number in methods.most_common())
