"""Which kernel checks: a hash over its compiled files, and the versions that it reports.

Invariant: equal hashes mean equal bytes in every file of the kernel that a session loads. Files that no session loads (``theories/Meta``,
``theories/Claims``) are left out.
"""

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from logos_pxl.errors import KernelNotBuilt, ProtocolViolation
from logos_pxl.kernel.confined import confined_command, confined_environment, coqtop_arguments
from logos_pxl.kernel.protocol import Hello, SessionProtocol
from logos_pxl.settings import SessionSettings

_LOADED = (("theories/Kernel", "*.vo"), ("theories/Checker", "*.vo"), ("plugin", "*.vo"), ("plugin", "*.cmxs"))
_BUILD = "run `make build` (in an installed copy: install the compiled coq/ folder and set PXL_COQ_DIR to it)"


@dataclass(frozen=True, slots=True)
class KernelIdentity:
    """``kernel_hash`` is a SHA-256 in hexadecimal digits; the versions are those of Coq and of the folder ``coq/`` (theory and plugin)."""

    kernel_hash: str
    coq_version: str
    theory_version: str

    @classmethod
    def of(cls, settings: SessionSettings) -> Self:
        """Hash the kernel's files and ask a session for its versions. Takes a fraction of a second. Raises KernelNotBuilt."""
        kernel_hash = hash_kernel(settings.coq_dir)
        hello = _ask_for_hello(settings)
        return cls(kernel_hash, hello.coq_version, hello.plugin_version)


def kernel_files(coq_dir: Path) -> list[Path]:
    """The compiled files that a session loads from ``coq_dir``, in the order of the hash. Raises KernelNotBuilt when some are missing."""
    files = []
    for folder, pattern in _LOADED:
        found = list((coq_dir / folder).glob(pattern))
        if not found:
            raise KernelNotBuilt(f"the Coq kernel is not compiled: no {pattern} in {coq_dir / folder}; {_BUILD}")
        files += found
    for source in coq_dir.glob("theories/*/*.v"):
        compiled = source.with_suffix(".vo")
        if not compiled.is_file() and compiled.parent in {file.parent for file in files}:
            raise KernelNotBuilt(f"the Coq kernel is not wholly compiled: {compiled} is missing; {_BUILD}")
    return sorted(files, key=lambda file: file.relative_to(coq_dir).as_posix())


def hash_kernel(coq_dir: Path) -> str:
    """SHA-256 over the kernel's files: of each, its name, a zero byte, and the SHA-256 of its bytes. Raises KernelNotBuilt."""
    whole = hashlib.sha256()
    for file in kernel_files(coq_dir):
        whole.update(file.relative_to(coq_dir).as_posix().encode() + b"\0")
        whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def _ask_for_hello(settings: SessionSettings) -> Hello:
    """Start a session that finds the end of its input at once."""
    command = confined_command(settings, [*coqtop_arguments(settings), "-l", str(settings.coq_dir / "serve.v")], report_fd=None)
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=confined_environment(),
            timeout=settings.start_timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise KernelNotBuilt(f"{settings.coqtop} did not start within {settings.start_timeout_s:g} s") from error
    protocol = SessionProtocol()
    try:
        protocol.receive_data(ended.stdout)
        event = protocol.next_event()
    except ProtocolViolation as error:
        raise KernelNotBuilt(f"{settings.coqtop} does not speak the session protocol: {error}; {_BUILD}") from error
    if not isinstance(event, Hello):
        said = ended.stderr.decode(errors="backslashreplace").strip()[-2000:]
        raise KernelNotBuilt(f"{settings.coqtop} ended with status {ended.returncode} before it was ready; {_BUILD}. It wrote: {said}")
    return event
