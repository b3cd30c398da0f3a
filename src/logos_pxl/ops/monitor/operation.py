"""The command: a live view in a terminal, lines elsewhere, one document with ``--json``."""

import contextlib
import json
import sys
from collections.abc import Iterator

from logos_pxl.cli.failing import tell
from logos_pxl.errors import PxlError
from logos_pxl.ops.monitor.lines import lines
from logos_pxl.ops.monitor.live import LiveView, show
from logos_pxl.ops.monitor.sampling import Sample, samples
from logos_pxl.ops.printing import console
from logos_pxl.ops.report import Status, worst
from logos_pxl.ops.service import ServiceReader
from logos_pxl.ops.thresholds import UPTIME
from logos_pxl.settings import Settings


def monitor(*, interval_s: float, count: int | None, plain: bool, as_json: bool) -> Status:
    """Watch until ``count`` samples were taken, or Ctrl-C; the exit status is that of the worst sample."""
    try:
        service = ServiceReader.of(Settings.load())
    except PxlError as error:
        tell(error, place="ops monitor: ")
        return Status.UNKNOWN
    seen: list[Status] = []
    taken = _noting(samples(service, interval_s=interval_s, count=count), seen)
    with contextlib.suppress(KeyboardInterrupt):
        if as_json:
            _print_document(list(taken), service.url)
        elif plain or not sys.stdout.isatty():
            for sample in taken:
                sys.stdout.write("".join(f"{line}\n" for line in lines(sample)))
                sys.stdout.flush()
        else:
            show(LiveView(service.url, interval_s=interval_s), taken, console())
    return worst(seen)


def _noting(taken: Iterator[Sample], seen: list[Status]) -> Iterator[Sample]:
    for sample in taken:
        # Of a monitor that runs for months only the worst is kept.
        seen[:] = [worst([*seen, sample.status])]
        yield sample


def _print_document(taken: list[Sample], url: str) -> None:
    ready = 100.0 * sum(sample.ready for sample in taken) / len(taken)
    status = worst(sample.status for sample in taken)
    document = {
        "command": "monitor",
        "about": url,
        "status": status.word,
        "exit_status": int(status),
        "availability_percent": ready,
        "availability_status": UPTIME.status(ready).word,
        "samples": [sample.as_json() for sample in taken],
    }
    sys.stdout.write(json.dumps(document, indent=1) + "\n")
