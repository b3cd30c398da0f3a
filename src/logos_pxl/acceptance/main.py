"""The command line of the acceptance run."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from enum import IntEnum
from typing import TextIO

from logos_pxl.acceptance.running import Outcome, Report, Result, all_checks, run
from logos_pxl.acceptance.service import NotReachable, Service
from logos_pxl.acceptance.signature_checks import demands_signatures
from logos_pxl.wire.signing import key_of_hex

PORT_VARIABLE, DEFAULT_PORT = "PXL_SERVER_PORT", "8088"
KEY_VARIABLE = "HMAC_SECRET_KEY"

_MARKS = {Outcome.PASSED: ("ok  ", "32"), Outcome.FAILED: ("FAIL", "31"), Outcome.SKIPPED: ("skip", "33")}


class ExitStatus(IntEnum):
    """What the process's exit status says."""

    PASSED = 0
    FAILED = 1
    NOT_RUN = 2


def main(arguments: list[str] | None = None) -> ExitStatus:
    """Run all checks against a service, and report."""
    options = _parser().parse_args(arguments)
    key = os.environ.get(KEY_VARIABLE) or None
    url = options.url or f"http://localhost:{_port()}"
    try:
        service = _reached(url, key, options.timeout)
    except (NotReachable, ValueError) as error:
        message = f"{KEY_VARIABLE}: {error}" if isinstance(error, ValueError) else str(error)
        _not_run(url, message, as_json=options.json)
        return ExitStatus.NOT_RUN
    # With --json, standard output holds the document only; people still see how it goes.
    tell = _teller(sys.stderr if options.json else sys.stdout)
    chosen = [check for check in all_checks() if check.group in (options.only or [check.group]) and check.group not in options.skip]
    report = run(service, chosen, tell)
    if options.json:
        sys.stdout.write(json.dumps(report.as_json(), indent=1) + "\n")
    else:
        _summary(report)
    return ExitStatus.FAILED if report.count(Outcome.FAILED) else ExitStatus.PASSED


def _reached(url: str, key: str | None, timeout_s: float) -> Service:
    """The service, when it answers and takes the key. Raises NotReachable, ValueError."""
    if key is not None:
        key_of_hex(key)
    service = Service(url, key=key, timeout_s=timeout_s)
    if demands_signatures(service) and key is None:
        raise NotReachable(f"{service.url} demands signed requests: put its key into the environment as {KEY_VARIABLE}")
    return service


def _port() -> str:
    """The port in the service's settings; the environment alone is read where the packages that read settings are not installed."""
    try:
        from logos_pxl.settings import Settings  # noqa: PLC0415 - it needs pydantic; the rest needs the standard library only

        return str(Settings.load().server_port)
    except ImportError:
        return os.environ.get(PORT_VARIABLE) or DEFAULT_PORT


def _parser() -> argparse.ArgumentParser:
    groups = sorted({check.group for check in all_checks()})
    parser = argparse.ArgumentParser(
        prog="integration_test_suite.py",
        description="Ask a running service for everything that it promises, and work out what can be worked out here.",
        epilog=f"A key for signed requests is read from {KEY_VARIABLE}. Exit status: 0 all passed, 1 some failed, 2 could not run.",
    )
    parser.add_argument("--url", help=f"where the service is; without it, this machine at the port of its settings ({PORT_VARIABLE})")
    parser.add_argument("--json", action="store_true", help="print the report as JSON on standard output")
    parser.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS", help="for each request (30)")
    parser.add_argument("--only", action="append", choices=groups, metavar="GROUP", help=f"checks of this group only: {', '.join(groups)}")
    parser.add_argument("--skip", action="append", default=[], choices=groups, metavar="GROUP", help="no checks of this group")
    return parser


def _teller(stream: TextIO) -> Callable[[Result], None]:
    colours = stream.isatty()
    last = ""

    def tell(result: Result) -> None:
        nonlocal last
        if result.group != last:
            stream.write(f"\n{result.group}\n")
            last = result.group
        mark, colour = _MARKS[result.outcome]
        shown = f"\x1b[{colour}m{mark}\x1b[0m" if colours else mark
        detail = f"  ({result.detail})" if result.detail else ""
        stream.write(f"  {shown} {result.name}{detail}\n")
        stream.flush()

    return tell


def _summary(report: Report) -> None:
    counts = ", ".join(f"{report.count(outcome)} {outcome.value}" for outcome in Outcome)
    waits = f", waited {report.quota_waits} times for the quota" if report.quota_waits else ""
    sys.stdout.write(f"\n{counts} in {report.duration_s:.1f} s{waits}: {report.url}\n")
    for result in report.results:
        if result.outcome is Outcome.FAILED:
            sys.stdout.write(f"FAILED {result.group}: {result.name}: {result.detail}\n")


def _not_run(url: str, message: str, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps({"url": url, "error": message}) + "\n")
    sys.stderr.write(f"integration_test_suite.py: could not run: {message}\n")
