"""``python -m bench [lwb|families|http|serve|layers|soak|sessions|page|all] [--quick] [--out DIR] [--lwb ARCHIVE]``: measure, and report.

Exit status 0 when everything was measured (floors that were missed are told, and are no failure), 1 when a part could not be measured or a
verdict was wrong, 2 for a wrong command line.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench import families, http, layers, lwb, page, serve, sessions, soak
from bench.machine import Machine
from bench.reporting import PARTS, Part, write_summary
from logos_pxl.errors import PxlError
from logos_pxl.settings import Settings

_RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Run the parts asked for; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("part", nargs="?", choices=[*PARTS, "all"], default="all", help="what to measure (default: all)")
    parser.add_argument("--quick", action="store_true", help="fewer and smaller problems: minutes become seconds")
    parser.add_argument("--out", type=Path, default=_RESULTS, help="the folder for JSON, Markdown and plots (default: bench/results)")
    parser.add_argument("--lwb", type=Path, help=f"the LWB archive (default: the variable {lwb.VARIABLE})")
    options = parser.parse_args()
    if options.lwb is None and os.environ.get(lwb.VARIABLE):
        options.lwb = Path(os.environ[lwb.VARIABLE])
    failed = False
    for name in PARTS if options.part == "all" else [options.part]:
        failed |= not _run(name, options)
    print(f"summary: {write_summary(options.out)}")
    return 1 if failed else 0


def _run(name: str, options: argparse.Namespace) -> bool:
    """Measure one part, print and save it; whether that went well."""
    try:
        part = asyncio.run(_measure(name, options))
    except (PxlError, lwb.ArchiveMissing) as error:
        print(f"{name}: not measured: {error}", file=sys.stderr)
        return False
    print("\n".join(part.lines()))
    part.save(options.out)
    return not any("WRONG" in finding for finding in part.findings)


async def _measure(name: str, options: argparse.Namespace) -> Part:
    settings, machine, out, quick = Settings.load(), Machine.here(), options.out, options.quick
    out.mkdir(parents=True, exist_ok=True)
    measures: dict[str, Callable[[], Awaitable[Part]]] = {
        "lwb": lambda: lwb.measure(settings, machine, out, quick=quick, archive=options.lwb),
        "families": lambda: families.measure(settings, machine, out, quick=quick),
        "http": lambda: asyncio.to_thread(http.measure, machine, out, quick=quick),
        "serve": lambda: asyncio.to_thread(serve.measure, machine, quick=quick),
        "layers": lambda: asyncio.to_thread(layers.measure, machine, quick=quick),
        "soak": lambda: asyncio.to_thread(soak.measure, machine, out, quick=quick),
        "page": lambda: asyncio.to_thread(page.measure, machine, quick=quick),
        "sessions": lambda: sessions.measure(settings, machine, quick=quick),
    }
    return await measures[name]()


if __name__ == "__main__":
    sys.exit(main())
