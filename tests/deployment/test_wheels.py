"""The wheels: built here, installed into empty environments, asked for a verdict."""

import os
import re
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from e2e.running import ROOT, Server, running_server
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PACKAGES = Path(sysconfig.get_path("purelib"))
OWN = ("logos-pxl", "logos-pxl-client", "logos-pxl-engine")
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]

# Prints where each package came from, and a verdict.
ASKING = """
import logos_pxl.client, logos_pxl.wire, sys
from logos_pxl.client import PxlClient
with PxlClient(sys.argv[1]) as client:
    verdict = client.prove("BOX p -> p")
    print(client.certificate(verdict).kind, verdict.verdict)
print(logos_pxl.client.__file__)
print(logos_pxl.wire.__file__)
print(sorted(name for name in sys.modules if name.startswith(("logos_pxl.", "logos_pxl_"))))
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service that runs from the checkout."""
    with running_server(tmp_path_factory.mktemp("service"), PXL_POOL_SIZE="1") as started:
        yield started


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheels by the names of their distributions; the engine's is the build's, where that has made one of the present sources."""
    folder = tmp_path_factory.mktemp("wheels")
    built = [*PIP, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder)]
    subprocess.run([*built, str(ROOT / "client"), str(ROOT)], check=True, timeout=300)
    found = {name: next(folder.glob(f"{name.replace('-', '_')}-[0-9]*.whl")) for name in OWN[:2]}
    return {**found, "logos-pxl-engine": engine_wheel()}


def engine_wheel() -> Path:
    """The engine's wheel in build/wheels; made when it is missing or older than a source."""
    folder = ROOT / "build" / "wheels"
    sources = subprocess.run(["git", "ls-files", "engine"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    newest = max((ROOT / source).stat().st_mtime for source in sources)
    found = [wheel for wheel in folder.glob("logos_pxl_engine-*.whl") if wheel.stat().st_mtime >= newest]
    if not found:
        path = f"{Path(sys.executable).parent}{os.pathsep}{Path.home() / '.cargo/bin'}{os.pathsep}{os.environ['PATH']}"
        command = ["maturin", "build", "--release", "--locked", "--offline", "--quiet", "--out", str(folder)]
        subprocess.run(command, cwd=ROOT / "engine/crates/py", env={**os.environ, "PATH": path}, check=True, timeout=900)
        found = list(folder.glob("logos_pxl_engine-*.whl"))
    return max(found, key=lambda wheel: wheel.stat().st_mtime)


def installed(folder: Path, *chosen: Path) -> Path:
    """An empty environment with these wheels, and with the third-party packages that their metadata demand and no others."""
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    subprocess.run(
        [*PIP, "--python", str(python), "install", "--quiet", "--no-index", "--no-deps", *map(str, chosen)], check=True, timeout=300
    )
    packages = next((folder / "lib").glob("python*/site-packages"))
    present = {canonicalize_name(path.name.split("-")[0]) for path in packages.glob("*.dist-info")}
    assert present == {canonicalize_name(wheel.name.split("-")[0]) for wheel in chosen}
    for name in demanded(packages):
        for entry in {file.parts[0] for file in distribution(name).files or [] if file.parts[0] not in ("..", "__pycache__")}:
            link = packages / entry
            if not link.exists():
                link.symlink_to(PACKAGES / entry)
    return python


def demanded(packages: Path) -> set[str]:
    """The distributions that those in ``packages`` depend on, directly or not."""
    waiting = [
        line.removeprefix("Requires-Dist: ")
        for metadata in packages.glob("*.dist-info/METADATA")
        for line in metadata.read_text().splitlines()
        if line.startswith("Requires-Dist: ")
    ]
    found: set[str] = set()
    seen: set[str] = set()
    while waiting:
        text = waiting.pop()
        if text in seen:
            continue
        seen.add(text)
        requirement = Requirement(text)
        extras = requirement.extras or {""}
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        name = canonicalize_name(requirement.name)
        if name in OWN:
            continue
        found.add(name)
        for further in distribution(name).requires or []:
            one = Requirement(further)
            if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in {"", *extras}):
                one.marker = None
                waiting.append(str(one))
    return found


def ran(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run far from the checkout, with no variable that leads there."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PXL_", "VIRTUAL_ENV"))}
    return subprocess.run(
        command,
        cwd=folder,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_the_client_stands_alone(wheels: dict[str, Path], service: Server, tmp_path: Path) -> None:
    """Its wheel and its three dependencies get a verdict and a certificate; neither service nor engine is there."""
    python = installed(tmp_path / "env", wheels["logos-pxl-client"])
    asked = ran([str(python), "-c", ASKING, str(service.client.base_url)], tmp_path)
    assert asked.returncode == 0, asked.stderr
    answer, client, wire, modules = asked.stdout.splitlines()
    assert answer == "proof valid"
    assert Path(client).is_relative_to(tmp_path)
    assert Path(wire).is_relative_to(tmp_path)
    assert set(re.findall(r"'logos_pxl[._](\w+)", modules)) == {"client", "wire"}
    for absent in ("logos_pxl_engine", "logos_pxl.service", "starlette"):
        assert ran([str(python), "-c", f"import {absent}"], tmp_path).returncode == 1, absent


def test_the_whole_is_installed_from_wheels(wheels: dict[str, Path], service: Server, tmp_path: Path) -> None:
    """The three wheels and what they depend on: the program tells its version, asks a service, and decides by itself given Coq's files."""
    python = installed(tmp_path / "env", *wheels.values())
    pxl = str(python.parent / "pxl")
    version = ran([pxl, "--version"], tmp_path)
    assert (version.returncode, version.stdout) == (0, f"pxl {wheels['logos-pxl'].name.split('-')[1]}\n"), version.stderr
    asked = ran([pxl, "prove", "BOX p -> p", "--json", "--url", str(service.client.base_url)], tmp_path)
    assert (asked.returncode, '"verdict":"valid"' in asked.stdout.replace(" ", "")) == (0, True), asked.stderr
    places = (
        "import logos_pxl.cli, logos_pxl.wire, logos_pxl_engine as e; print(logos_pxl.cli.__file__, logos_pxl.wire.__file__, e.__file__)"
    )
    assert all(Path(place).is_relative_to(tmp_path) for place in ran([str(python), "-c", places], tmp_path).stdout.split())
    local = ran([pxl, "prove", "p -> BOX p", "--url", ""], tmp_path, PXL_COQ_DIR=str(ROOT / "coq"))
    assert (local.returncode, "invalid" in local.stdout) == (1, True), local.stderr
    without = ran([pxl, "prove", "p", "--url", ""], tmp_path)
    assert (without.returncode, "PXL_COQ_DIR" in without.stderr) == (2, True), without.stderr


def test_the_engines_wheel_fits_every_later_python(wheels: dict[str, Path]) -> None:
    """It is built against the stable ABI."""
    assert "-cp311-abi3-" in wheels["logos-pxl-engine"].name
