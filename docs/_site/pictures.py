"""Makes docs/pictures/architecture.dot from the imports of the code: `python docs/_site/pictures.py`. A test compares the two.

Shown are the packages of both distributions, the three modules that join them, and the engine. An arrow that follows from
others (a path of arrows leads to the same place) is left out.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = (ROOT / "src" / "logos_pxl", ROOT / "client" / "src" / "logos_pxl")
PICTURE = ROOT / "docs" / "pictures" / "architecture.dot"
ENGINE = "engine"
MODULES = {"goals", "local", "runtime"}

HEAD = """// Made from the imports of the code by docs/_site/pictures.py. Do not edit: run `python docs/_site/pictures.py`.
digraph architecture {
    rankdir=TB
    node [shape=box, fontname="sans-serif", fontsize=11]
    edge [arrowsize=0.7]
    engine [label="engine (Rust)", style=filled, fillcolor="#f3dcc6"]
    kernel [label="kernel (Coq sessions)", style=filled, fillcolor="#cfe3d4"]
    subgraph cluster_client {
        label="logos-pxl-client"
        fontname="sans-serif"
        client
        wire
    }
"""


def imports() -> dict[str, set[str]]:
    """For each shown package the shown packages that it imports."""
    shown = {folder.name for source in SOURCES for folder in source.iterdir() if (folder / "__init__.py").exists()} | MODULES
    found: dict[str, set[str]] = {name: set() for name in (*shown, ENGINE)}
    for source in SOURCES:
        for file in source.rglob("*.py"):
            importer = file.relative_to(source).parts[0].removesuffix(".py")
            if importer in shown:
                found[importer] |= set(_imported(file)) & found.keys() - {importer}
    return found


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for module in modules:
            first, _, rest = module.partition(".")
            if first == "logos_pxl_engine":
                yield ENGINE
            elif first == "logos_pxl" and rest:
                yield rest.partition(".")[0]


def reduced(graph: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The graph without the arrows that follow from others."""

    def reachable(name: str) -> set[str]:
        return graph[name].union(*(reachable(one) for one in graph[name]))

    return {name: {one for one in targets if not any(one in reachable(two) for two in targets - {one})} for name, targets in graph.items()}


def architecture() -> str:
    """The picture of the architecture, as Graphviz source."""
    arrows = [f"    {name} -> {target}\n" for name, targets in sorted(reduced(imports()).items()) for target in sorted(targets)]
    return HEAD + "".join(arrows) + "}\n"


if __name__ == "__main__":
    PICTURE.write_text(architecture())
