"""Coq processes with a session's limits: how ``launcher.py`` is called, and what it reports.

Invariant: no Coq process of this package starts in another way.
"""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from logos_pxl.kernel.process import ChildProcess
from logos_pxl.settings import SessionSettings

_LAUNCHER = Path(__file__).with_name("launcher.py")
# Where Coq and its libraries are, in installations that are not the system's own.
_KEPT_VARIABLES = ("COQLIB", "COQCORELIB", "OCAMLPATH", "OCAMLFIND_CONF", "CAML_LD_LIBRARY_PATH", "LD_LIBRARY_PATH")
_REPORT_BYTES = 1 << 16
_OPEN_FILES = 64


def coqtop_arguments(settings: SessionSettings) -> list[str]:
    """The command line of a ``coqtop`` that sees the kernel and the plugin, and loads neither.

    ``-batch``: without it Coq greets on standard output, and reads commands from standard input when its script is done.
    """
    coq = settings.coq_dir
    plugin = str(coq / "plugin")
    return [str(settings.coqtop), "-q", "-batch", "-Q", str(coq / "theories"), "PXL", "-I", plugin, "-Q", plugin, "PXL.Plugin"]


def confined_command(settings: SessionSettings, argv: list[str], *, report_fd: int | None) -> list[str]:
    """The command line that becomes ``argv`` with a session's limits, when this very process starts it."""
    plan = {
        "argv": argv,
        "parent_pid": os.getpid(),
        "report_fd": report_fd,
        "limits": {
            "CORE": 0,
            "FSIZE": 0,
            "NOFILE": _OPEN_FILES,
            "CPU": settings.cpu_s,
            "STACK": settings.stack_bytes,
            "AS": settings.memory_bytes,
        },
    }
    return [str(settings.python), "-I", str(_LAUNCHER), json.dumps(plan)]


def confined_environment() -> dict[str, str]:
    """The environment of a Coq process."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    # Without OCAMLRUNPARAM, Coq takes a minor heap of 256 MB.
    return kept | {"OCAMLRUNPARAM": "s=512k", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent", "PATH": "/usr/bin:/bin"}


class ConfinedProcess(ChildProcess):
    """A Coq process without the rights that a session does not need."""

    def __init__(
        self,
        settings: SessionSettings,
        argv: list[str],
        *,
        on_output: Callable[[bytes], None],
        on_exit: Callable[[], None],
    ) -> None:
        """Start ``argv``. Raises OSError."""
        self._report_fd, child_fd = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            super().__init__(
                confined_command(settings, argv, report_fd=child_fd),
                env=confined_environment(),
                pass_fds=[child_fd],
                on_output=on_output,
                on_exit=on_exit,
            )
        except BaseException:
            os.close(self._report_fd)
            raise
        finally:
            os.close(child_fd)

    def take_report(self) -> Mapping[str, str]:
        """What was applied, by mechanism. To be called once, when Coq has started or the process is gone."""
        try:
            report = os.read(self._report_fd, _REPORT_BYTES)
        except BlockingIOError:
            report = b""
        os.close(self._report_fd)
        return MappingProxyType(json.loads(report)) if report else MappingProxyType({})
