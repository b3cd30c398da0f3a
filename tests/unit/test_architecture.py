"""Imports follow the arrows of ARCHITECTURE.md, directly and by any chain of imports; modules have a good size."""

import ast
import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from logos_pxl.version import __version__

ROOT = Path(__file__).parents[2]
# The two distributions that share the namespace.
PACKAGES = (ROOT / "src" / "logos_pxl", ROOT / "client" / "src" / "logos_pxl")
FILES = [file for package in PACKAGES for file in package.rglob("*.py")]

# The parts that a part may import, at the head of a module or inside a function. Whatever is not here is refused.
ALLOWED: dict[str, set[str]] = {
    "version": set(),
    "wire": set(),
    "errors": {"wire"},
    "client": {"wire"},
    "draining": set(),
    "durable": set(),
    "sketch": set(),
    "settings": {"errors", "wire"},
    "logs": {"errors", "settings"},
    "goals": {"engine", "errors"},
    "kernel": {"engine", "errors", "settings"},
    "observing": {"kernel"},
    "shared_state": {"errors", "observing"},
    "proving": {"engine", "errors", "goals", "kernel", "observing", "settings", "shared_state", "version", "wire"},
    "runtime": {"draining", "engine", "errors", "goals", "kernel", "observing", "proving", "settings", "shared_state"},
    "service": {
        *("draining", "durable", "engine", "errors", "goals", "kernel", "logs", "observing", "proving", "runtime", "settings"),
        *("shared_state", "sketch", "version", "wire"),
    },
    "explaining": {"wire"},
    "explanations": {"client", "errors", "explaining", "wire"},
    "local": {"client", "errors", "goals", "proving", "runtime", "settings", "wire"},
    "doctor": {"client", "engine", "errors", "kernel", "local", "settings", "wire"},
    "agents": {"client", "errors", "explaining", "explanations", "local", "proving", "version", "wire"},
    "acceptance": {"settings", "wire"},
    "ops": {"acceptance", "durable", "errors", "logs", "settings", "sketch", "version", "wire"},
    "cli": {
        *("agents", "client", "doctor", "engine", "errors", "explaining", "explanations", "goals", "kernel", "local", "logs", "ops"),
        *("proving", "service", "settings", "version", "wire"),
    },
    "__main__": {"cli"},
}

# What a part must not reach, by any chain of imports: the promises of ARCHITECTURE.md that a new arrow above could break.
SERVER = {"goals", "kernel", "proving", "service", "runtime", "shared_state", "engine"}
UNREACHABLE: dict[str, set[str]] = {
    "wire": ALLOWED.keys() - {"wire"} | {"engine"},
    "client": ALLOWED.keys() - {"wire", "client"} | {"engine"},
    "explaining": ALLOWED.keys() - {"wire", "explaining"} | {"engine"},
    "acceptance": SERVER | {"client", "cli", "ops", "logs", "local"},
    "settings": SERVER | {"client", "cli", "ops", "logs", "local"},
    "errors": SERVER | {"client", "cli", "ops", "settings", "local"},
    "ops": SERVER | {"client", "cli", "local", "agents"},
    "logs": SERVER | {"client", "cli", "ops", "local"},
    "goals": {"kernel", "proving", "service", "runtime", "shared_state", "cli", "ops", "client"},
    "kernel": {"goals", "proving", "service", "runtime", "shared_state", "cli", "ops", "client"},
    "shared_state": {"goals", "proving", "service", "runtime", "cli", "ops", "client"},
    "proving": {"service", "runtime", "cli", "ops", "client", "local", "agents"},
    "runtime": {"service", "cli", "ops", "client", "local", "agents"},
    "service": {"cli", "ops", "client", "local", "agents", "doctor", "acceptance"},
    "local": {"service", "cli", "ops", "agents"},
    "agents": {"service", "cli", "ops", "doctor"},
    "doctor": {"service", "cli", "ops", "agents"},
}
ENGINE_ALLOWED = {"goals", "proving", "kernel", "runtime", "service", "cli", "doctor"}

SMALL_LINES, LARGE_LINES = 60, 400
# Modules of one importer and under 60 lines belong into that importer. These stand alone, each for its reason.
SMALL = {
    "logos_pxl.logs.readers": "the page's and the commands' way to read what another process writes",
    "logos_pxl.ops.printing": "what the commands print",
    "logos_pxl.ops.prometheus": "the one reader of Prometheus",
    "logos_pxl.service.metrics.metrics": "opens all of the package",
    "logos_pxl.service.app": "builds the application",
}
# What a table of commands or endpoints leads to stands alone: one module a subject, whatever its size.
TABLES = {"logos_pxl.cli.app", "logos_pxl.ops.app", "logos_pxl.service.routes"}
# Modules over 400 lines, each with its reason.
LARGE: dict[str, str] = {}


def module_name(file: Path) -> str:
    """The name under which a file is imported."""
    [package] = [package for package in PACKAGES if file.is_relative_to(package)]
    return ".".join(("logos_pxl", *file.relative_to(package).with_suffix("").parts)).removesuffix(".__init__")


MODULES = {module_name(file): file for file in FILES}


def modules_imported(file: Path) -> set[str]:
    """The modules of the package that a file imports, wherever in it, with the packages around them; ``engine`` for the engine."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    found = {name for name in names if name in MODULES}
    around = {".".join(name.split(".")[:length]) for name in found for length in range(2, name.count(".") + 1)}
    return found | around & MODULES.keys() | ({"engine"} if any(name.split(".")[0] == "logos_pxl_engine" for name in names) else set())


IMPORTS = {name: modules_imported(file) - {name} for name, file in MODULES.items()}


def part_of_module(name: str) -> str:
    return name if name == "engine" else name.split(".")[1]


def part_of(file: Path) -> str:
    return part_of_module(module_name(file))


def parts_imported(file: Path) -> set[str]:
    """The parts of the package that a module imports, wherever in it; ``engine`` for the engine."""
    return {part_of_module(name) for name in modules_imported(file)}


def chains_from(part: str) -> dict[str, list[str]]:
    """For each part that ``part`` reaches, a shortest chain of modules that leads there."""
    chains: dict[str, list[str]] = {}
    pending = [[name] for name in MODULES if part_of_module(name) == part]
    seen = {chain[0] for chain in pending}
    for chain in pending:
        chains.setdefault(part_of_module(chain[-1]), chain)
        for name in sorted(IMPORTS.get(chain[-1], set()) - seen):
            seen.add(name)
            pending.append([*chain, name])
    return chains


def test_each_part_imports_only_what_the_table_allows() -> None:
    """Each part of the package has its row, and no module imports a part that is not in its row."""
    assert {part_of(file) for file in FILES} == ALLOWED.keys(), "correct this table and ARCHITECTURE.md"
    against = {
        name: {part_of_module(found) for found in IMPORTS[name]} - ALLOWED[part_of_module(name)] - {part_of_module(name)}
        for name in MODULES
    }
    assert {name: parts for name, parts in against.items() if parts} == {}


def test_the_table_has_no_cycle() -> None:
    """The arrows order the parts: none imports, by others, itself."""
    TopologicalSorter(ALLOWED).prepare()


@pytest.mark.parametrize("part", sorted(UNREACHABLE))
def test_no_chain_of_imports_reaches_a_forbidden_part(part: str) -> None:
    """Neither directly nor by other parts, neither at the head of a module nor inside a function."""
    assert {found: " -> ".join(chain) for found, chain in chains_from(part).items() if found in UNREACHABLE[part]} == {}


def test_no_small_module_of_one_importer_stands_alone() -> None:
    """A file under 60 lines that one other file imports is part of that file, but for the exceptions that say why."""
    importers = {name: {module for module, imported in IMPORTS.items() if name in imported} for name in MODULES}
    small = {name for name, file in MODULES.items() if file.name != "__init__.py" and len(file.read_text().splitlines()) < SMALL_LINES}
    assert {name for name in small if len(importers[name]) == 1 and not importers[name] <= TABLES} - SMALL.keys() == set()


def test_large_modules_say_why() -> None:
    """No module passes 400 lines without a reason in the list above."""
    assert {name for name, file in MODULES.items() if len(file.read_text().splitlines()) > LARGE_LINES} - LARGE.keys() == set()


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
