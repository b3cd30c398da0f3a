"""Python, the engine, and packages that only some commands need."""

import importlib.util
import platform
import sys

from logos_pxl.doctor.findings import Finding, State, attention, fine, missing

_OLDEST = (3, 11)
_EXTRAS = {"mcp": "mcp", "redis": "redis", "psutil": "ops"}


def python() -> Finding:
    """The interpreter."""
    if sys.version_info < _OLDEST:
        return missing("python", platform.python_version(), "install Python 3.11 or later, and build again: make PYTHON=python3.11 build")
    return fine("python", f"{platform.python_version()} at {sys.executable}")


def engine() -> Finding:
    """The Rust engine."""
    try:
        import logos_pxl_engine  # noqa: PLC0415 - whether it can be imported is the question
    except ImportError as error:
        return missing("engine", f"the Rust engine cannot be imported: {error}", "make build, in the project's folder")
    return fine("engine", logos_pxl_engine.__version__)


def extras() -> Finding:
    """Packages of the extras."""
    absent = [extra for module, extra in _EXTRAS.items() if importlib.util.find_spec(module) is None]
    if absent:
        return attention("extras", f"not installed: {', '.join(absent)}", f"pip install 'logos-pxl[{','.join(absent)}]'")
    return fine("extras", ", ".join(_EXTRAS.values()))


def works(finding: Finding) -> bool:
    """Whether what the finding is about is there."""
    return finding.state is not State.MISSING
