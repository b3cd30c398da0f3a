"""Imports follow the arrows of ARCHITECTURE.md; against them they are refused here."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from logos_pxl.version import __version__

ROOT = Path(__file__).parents[2]
# The two distributions that share the namespace.
PACKAGES = (ROOT / "src" / "logos_pxl", ROOT / "client" / "src" / "logos_pxl")
FILES = [file for package in PACKAGES for file in package.rglob("*.py")]

# What must not be imported, by the part that must not import it. `acceptance`, `client` and what they use serve clients:
# no engine, no service.
FORBIDDEN = {
    "goals": {"kernel", "proving", "service", "cli", "runtime", "shared_state", "ops"},
    "kernel": {"goals", "proving", "service", "cli", "runtime", "shared_state", "ops"},
    "shared_state": {"goals", "kernel", "proving", "service", "cli", "runtime", "ops"},
    "proving": {"service", "cli", "runtime", "ops"},
    "service": {"cli", "ops"},
    "runtime": {"service", "cli", "ops"},
    "observing": {"goals", "proving", "service", "cli", "runtime", "ops"},
    "settings": {"goals", "kernel", "proving", "service", "cli", "runtime", "shared_state", "ops"},
    "errors": {"goals", "kernel", "proving", "service", "cli", "runtime", "shared_state", "settings", "ops"},
    "ops": {"goals", "kernel", "proving", "service", "runtime", "shared_state", "cli"},
    "acceptance": {"goals", "kernel", "proving", "service", "cli", "runtime", "shared_state", "settings", "ops"},
    "client": {"goals", "kernel", "proving", "service", "cli", "runtime", "shared_state", "settings", "configuration", "ops"},
    "explaining": {"goals", "kernel", "proving", "service", "cli", "runtime", "shared_state", "settings", "client", "ops"},
    "explanations": {"goals", "kernel", "proving", "service", "cli", "runtime", "shared_state", "settings", "ops"},
    "local": {"service", "cli", "ops"},
    "doctor": {"service", "cli", "ops", "agents"},
    "agents": {"service", "cli", "ops", "runtime", "kernel", "shared_state"},
}
ENGINE_ALLOWED = {"goals", "proving", "kernel", "runtime", "service", "cli", "doctor", "logs", "shared_state"}


def parts_imported(file: Path) -> set[str]:
    """The parts of the package that a module imports, wherever in it; ``engine`` for the engine."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            first, *rest = name.split(".")
            if first == "logos_pxl_engine":
                found.add("engine")
            if first == "logos_pxl" and rest:
                found.add(rest[0])
    return found


def part_of(file: Path) -> str:
    [package] = [package for package in PACKAGES if file.is_relative_to(package)]
    return file.relative_to(package).parts[0].removesuffix(".py")


@pytest.mark.parametrize("part", sorted(FORBIDDEN))
def test_no_import_runs_against_the_arrows(part: str) -> None:
    """No module of the part imports what stands above it or beside it."""
    files = [file for file in FILES if part_of(file) == part]
    assert files, f"there is no {part}: mend this table and ARCHITECTURE.md"
    against = {str(file.relative_to(ROOT)): parts_imported(file) & FORBIDDEN[part] for file in files}
    assert {file: parts for file, parts in against.items() if parts} == {}


def test_only_those_who_need_the_engine_import_it() -> None:
    """Settings, errors and what clients use work without the Rust engine."""
    importing = {part_of(file) for file in FILES if "engine" in parts_imported(file)}
    assert importing <= ENGINE_ALLOWED


def test_operators_commands_work_without_the_engine() -> None:
    """They help where it is missing."""
    script = "import sys, logos_pxl.ops.app; print([name for name in sys.modules if 'engine' in name])"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_rust_checker_does_not_know_the_search() -> None:
    """Crates depend downwards only."""
    order = ["formula", "cert", "check", "search", "py"]
    names = {}
    for place, crate in enumerate(order):
        manifest = tomllib.loads((ROOT / "engine" / "crates" / crate / "Cargo.toml").read_text())
        names[manifest["package"]["name"]] = place
    for place, crate in enumerate(order):
        manifest = tomllib.loads((ROOT / "engine" / "crates" / crate / "Cargo.toml").read_text())
        above = [name for name in manifest.get("dependencies", {}) if names.get(name, -1) > place]
        assert above == [], f"{crate} depends on {above}"


def test_the_client_needs_nothing_of_the_service() -> None:
    """The distribution logos-pxl-client stands alone: it imports its own two packages and its three dependencies."""
    client = PACKAGES[1]
    assert {entry.name for entry in client.iterdir()} - {"__pycache__"} == {"client", "wire"}
    declared = tomllib.loads((ROOT / "client" / "pyproject.toml").read_text())["project"]["dependencies"]
    assert {re.split(r"[<>=]", dependency)[0] for dependency in declared} == {"httpx2", "pydantic", "stamina"}
    for file in client.rglob("*.py"):
        assert parts_imported(file) <= ({"wire"} if part_of(file) == "wire" else {"client", "wire"}), file


def test_the_namespace_has_no_initial_module() -> None:
    """Neither distribution may have a ``logos_pxl/__init__.py``: it would hide the other one's packages."""
    assert [package for package in PACKAGES if (package / "__init__.py").exists()] == []


def test_both_distributions_have_one_version() -> None:
    """They are released together."""
    declared = tomllib.loads((ROOT / "client" / "pyproject.toml").read_text())["project"]["version"]
    assert declared == __version__
    assert f"logos-pxl-client=={declared}" in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
