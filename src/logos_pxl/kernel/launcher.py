"""The child process before Coq: drops the rights that a session does not need, then executes Coq.

Run by its path (``python -I launcher.py PLAN``), not imported: it must start fast, so it takes nothing but the standard library and
``logos_pxl_engine.confine``. ``PLAN`` is JSON: ``argv`` (what to become), ``parent_pid``, ``report_fd`` or null, ``limits``. What was
applied is written to ``report_fd``, as JSON; that descriptor closes when Coq starts.

See docs/decisions/session-confinement.md.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from typing import Any

_PR_SET_PDEATHSIG = 1
_FILES = 64


def _die_with(parent_pid: int) -> str:
    """Ask for SIGKILL at the parent's end. Exits when the parent is gone already."""
    failed = ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        sys.exit("the parent is gone")
    return f"not applied: {os.strerror(ctypes.get_errno())}" if failed else "applied"


def _limit(name: str, wanted: int) -> str:
    """Lower a limit, the hard one too where that can be, and say what is in force."""
    which = getattr(resource, f"RLIMIT_{name}")
    hard = resource.getrlimit(which)[1]
    value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        resource.setrlimit(which, (value, value))
    except (OSError, ValueError) as error:
        return f"not applied: {error}"
    return str(value)


def _confine() -> dict[str, str]:
    try:
        import logos_pxl_engine  # noqa: PLC0415 - the one import that may be missing
    except ImportError as error:
        return {"landlock": f"not applied: {error}", "seccomp": f"not applied: {error}"}
    try:
        return logos_pxl_engine.confine(network=False, write_files=False)
    except OSError as error:
        return {"landlock": f"not applied: {error}", "seccomp": f"not applied: {error}"}


def _close_all_but(kept_fd: int | None) -> None:
    """Close every descriptor but the standard ones and ``kept_fd``, which closes when Coq starts."""
    last = os.sysconf("SC_OPEN_MAX")
    if kept_fd is None:
        os.closerange(3, last)
    else:
        os.closerange(3, kept_fd)
        os.closerange(kept_fd + 1, last)
        os.set_inheritable(kept_fd, False)


def main(plan: dict[str, Any]) -> None:
    """Apply the plan and become its ``argv``."""
    report_fd = plan["report_fd"]
    _close_all_but(report_fd)
    report = {"parent_death": _die_with(plan["parent_pid"])}
    report |= _confine()
    # Last, for the limits bind this process too.
    report |= {f"limit_{name.lower()}": _limit(name, value) for name, value in plan["limits"].items()}
    if report_fd is not None:
        os.write(report_fd, json.dumps(report).encode())
    try:
        os.execv(plan["argv"][0], plan["argv"])
    except OSError as error:
        sys.exit(f"{plan['argv'][0]} cannot be run: {error}")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
