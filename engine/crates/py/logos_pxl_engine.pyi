"""The PXL engine: formulas, search and untrusted checks. Every function releases the GIL while it works for long."""

from collections.abc import Sequence
from os import PathLike
from typing import Any, Literal, final

__version__: str

class ParseError(ValueError):
    """The text is not a formula, or passes a limit.

    ``str(error)`` is a complete message with line, column and a caret line.
    """

    message: str
    offset: int  # bytes from the start of the UTF-8 text
    line: int  # from 1
    column: int  # in characters, from 1
    found: str
    expected: list[str]
    caret: str  # the source line and a line with ``^`` below the place (long lines are cut around the place)
    limit: Literal["max_bytes", "max_depth", "max_atoms", "max_nodes"] | None  # the limit passed, if any
    maximum: int | None  # that limit's value

class CertificateError(ValueError):
    """A certificate's bytes or its JSON form cannot be decoded."""

@final
class Limits:
    """What a formula's text may hold. Depth counts nested connectives, nodes the formula's tree (connectives and atoms)."""

    def __init__(
        self,
        *,
        max_bytes: int = 1_048_576,
        max_depth: int = 10_000,
        max_atoms: int = 20_000,
        max_nodes: int = 400_000,
    ) -> None: ...
    max_bytes: int
    max_depth: int
    max_atoms: int
    max_nodes: int

@final
class Formula:
    """An immutable formula. Equality is structural; hashable."""

    @staticmethod
    def parse(text: str, *, limits: Limits | None = None, syntax: Literal["pxl", "intohylo"] = "pxl") -> Formula:
        """Parse one formula. Raises ParseError."""

    def ascii(self) -> str: ...  # BOX(A -> A) style is accepted on input; printed as [](A -> A)
    def unicode(self) -> str: ...
    def latex(self) -> str: ...
    def manual(self) -> str: ...  # the operations manual's style: BOX(A -> A), DIA(A), with ~ /\ \/ -> <->
    def coq(self) -> str: ...  # a term of type ``formula``, for exported .v files
    def json(self) -> str: ...  # the syntax tree
    def negation(self) -> Formula: ...
    def atoms(self) -> list[str]: ...  # in order of first occurrence
    @property
    def nodes(self) -> int: ...  # tree size
    @property
    def depth(self) -> int: ...
    @property
    def modal_depth(self) -> int: ...
    def canonical(self) -> tuple[Formula, list[str]]:
        """The formula with its i-th atom (by first occurrence) renamed ``p{i}`` from 0, and the original names in that order."""

    def rename(self, names: dict[str, str]) -> Formula: ...
    def wire(self) -> bytes: ...  # "The goal on the wire" in docs/certificate-format.md
    def evaluate(self, worlds: list[list[str]]) -> list[bool]:
        """Truth in each world of a universal frame, each world given by the atoms true in it."""

@final
class CancelToken:
    """Cancels a search from another thread."""

    def __init__(self) -> None: ...
    def cancel(self) -> None: ...
    @property
    def cancelled(self) -> bool: ...

@final
class Proof:
    certificate: bytes
    steps: int
    conflicts: int
    solver_calls: int
    def rename_atoms(self, names: dict[str, str]) -> Proof: ...

@final
class Countermodel:
    certificate: bytes
    worlds: list[list[str]]  # the atoms true in each world, sorted; the goal fails in worlds[0]
    conflicts: int
    solver_calls: int
    def rename_atoms(self, names: dict[str, str]) -> Countermodel: ...

@final
class Unknown:
    reason: Literal["timeout", "resource_limit", "cancelled"]
    detail: str

def search(
    goal: Formula,
    *,
    deadline_ms: int,
    memory_bytes: int = ...,
    seed: int = 0,
    cancel: CancelToken | None = None,
) -> Proof | Countermodel | Unknown:
    """Decide the goal. Deterministic for a given seed, but for the deadline."""

@final
class CheckResult:
    ok: bool
    reason: str  # empty when ok
    step: int | None  # the first bad step, when there is one

def check_proof(goal: Formula, certificate: bytes) -> CheckResult: ...
def check_model(goal: Formula, certificate: bytes) -> CheckResult: ...
def describe_proof(certificate: bytes) -> dict[str, Any]:
    """``{"nodes": [{"op": "atom", "name": "A"}, {"op": "imp", "args": [1, 1]}, ...], "steps": [{"rule": "rup", "clause": [2, -1], "hints": [1]}, ...]}``.

    Every step has the ``clause`` that it derives, as signed node numbers (negative: the node fails), or None when it names what does not exist.
    A ``def`` step has ``node`` and ``k``, a ``nec`` step ``premise`` and ``node``. Names that are not UTF-8 are escaped (``surrogateescape``).
    Raises CertificateError.
    """

def describe_model(certificate: bytes) -> dict[str, Any]:
    """``{"worlds": [["p"], []], "failing_world": 0}``. Raises CertificateError."""

def encode_proof(description: dict[str, Any]) -> bytes: ...
def encode_model(description: dict[str, Any]) -> bytes: ...
def coq_proof(certificate: bytes) -> str:
    """The proof certificate as a Coq term of type ``proof`` (constructors of Checker/Certificate.v)."""

def coq_model(certificate: bytes) -> str: ...

class ConfinementError(OSError): ...

def confine(*, network: bool = False, write_files: bool = False) -> dict[str, str]:
    """Give up, in this process and what it executes, the network and writing files, as far as the kernel allows (Landlock, seccomp).

    Returns what was applied, by mechanism: ``{"landlock": "fully enforced", "seccomp": "applied"}``. Never raises because a mechanism is missing.
    """

def write_files(folder: PathLike[str], suffix: str, files: Sequence[tuple[str, bytes]]) -> list[OSError | None]:
    """Write files into ``folder``, one after the other, each as ``.{name}{suffix}`` first and then renamed to its name, without the GIL.

    Returns what failed, file by file; of a file that failed there is nothing, as far as the disk lets it be removed. Nothing is synced.
    """

def remove_files(folder: PathLike[str], names: Sequence[str]) -> list[OSError | None]:
    """Remove files from ``folder`` without the GIL; one that is not there counts as removed. Returns what failed, file by file."""
