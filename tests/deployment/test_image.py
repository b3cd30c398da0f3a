"""The image: its Dockerfile, what goes into it, and the service in it, on a read-only root and without a privilege."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from conftest import children
from deployment.dockerfile import stages
from deployment.ignoring import Ignoring
from deployment.image import Image
from e2e.running import ROOT, free_port

from logos_pxl.settings import Settings
from logos_pxl.settings.declaring import fields_by_variable

STAGES = stages()
LAST = STAGES[""]


@dataclass
class Container:
    """A process of the image: ``outside`` is what started it, ``first`` its process 1."""

    image: Image
    outside: subprocess.Popen[bytes]
    first: int
    client: httpx2.Client
    port: int

    def end(self) -> int:
        """``docker stop``: SIGTERM to its process 1; gives the exit status."""
        os.kill(self.first, signal.SIGTERM)
        return self.outside.wait(60)


@contextmanager
def container(image: Image, log: Path, **environment: str) -> Iterator[Container]:
    """Start the image's command, with its process 1 there, but not yet ready."""
    port = free_port()
    here = {"PXL_SERVER_HOST": "127.0.0.1", "PXL_SERVER_PORT": str(port), "PXL_POOL_SIZE": "1", "PXL_DRAIN_DELAY": "0"}
    with log.open("wb") as output:
        argv = image.argv([*image.entry, *image.command], **here, **environment)
        outside = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 30
        # Not before tini has started the service: what runs until then is ours, and a process 1 without a handler ignores signals.
        while not (first := [pid for pid in children(outside.pid) if program(pid) == "tini" and children(pid)]):
            assert outside.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            yield Container(image, outside, first[0], client, port)
    finally:
        # Ends everything in it, for its process 1 is killed with what started it.
        outside.kill()
        outside.wait()


def program(pid: int) -> str:
    """The name of the program that a process runs; empty when it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/exe").readlink().name
    return ""


def wait_until_ready(up: Container) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert up.outside.poll() is None
        with contextlib.suppress(httpx2.TransportError):
            if up.client.get("/health/ready").status_code == 200:
                return
        time.sleep(0.05)
    raise AssertionError("the service in the image was not ready within 60 s")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The image, put together once."""
    made = Image(tmp_path_factory.mktemp("image") / "root")
    made.build()
    return made


def test_the_linter_of_dockerfiles_has_nothing_to_say() -> None:
    """Hadolint, with the two exceptions that the file names."""
    said = subprocess.run(
        [str(Path(sys.executable).parent / "hadolint"), "Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stdout) == (0, "")
    assert set(re.findall(r"hadolint ignore=(\S+)", (ROOT / "Dockerfile").read_text())) == {"DL3008"}


def test_base_images_are_pinned_and_one(tmp_path: Path) -> None:
    """A version, not a moving name; the stages are of one Debian, or Coq's programs would not fit its libraries."""
    [base] = {stage.base for stage in STAGES.values()}
    assert re.fullmatch(r"debian:\d+\.\d+-slim(@sha256:[0-9a-f]{64})?", base)


def test_what_is_copied_is_there_and_whole() -> None:
    """Every source exists, and .dockerignore lets every file of it through that belongs to the project."""
    ignoring = Ignoring(ROOT / ".dockerignore")
    for stage in STAGES.values():
        for copy in stage.copies:
            for source in copy.sources:
                path = ROOT / source.removeprefix("/app/") if copy.stage else ROOT / source
                assert Path(source).exists() if source.startswith("/usr/") else path.exists(), source
                if copy.stage is None:
                    tracked = subprocess.run(
                        ["git", "ls-files", source], cwd=ROOT, capture_output=True, text=True, check=True
                    ).stdout.split()
                    assert tracked, source
                    assert [file for file in tracked if ignoring.ignores(file)] == []


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "secrets/tls/privkey.pem",
        "logs/access.log",
        "var/certificates/x",
        ".git/config",
        "engine/target/release/x.rlib",
        ".venv/bin/python",
        "coq/theories/Kernel/Syntax.vo",
        "coq/plugin/pxl_plugin.cmxs",
        "src/logos_pxl/__pycache__/goals.cpython-311.pyc",
        "tests/conftest.py",
    ],
)
def test_secrets_and_products_stay_outside(path: str) -> None:
    """Neither secrets nor logs nor what was built here can get into the image."""
    assert Ignoring(ROOT / ".dockerignore").ignores(path)


def test_each_step_of_the_build_has_what_it_needs(tmp_path: Path) -> None:
    """In a clean folder, with no more than was copied by then, make knows how to do each step; after the last nothing is left to do."""
    for word, rest in STAGES["build"].instructions:
        if word == "COPY":
            for source in rest.split()[:-1]:
                for file in subprocess.run(
                    ["git", "ls-files", source], cwd=ROOT, capture_output=True, text=True, check=True
                ).stdout.split():
                    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
                    (tmp_path / file).write_bytes((ROOT / file).read_bytes())
        for target in re.findall(r"(?:^|&& *)make (\S+)", rest) if word == "RUN" else []:
            if target == "build/coq.stamp":
                # make looks into it also when it only plans.
                subprocess.run(["make", "--silent", "-C", "coq", "Makefile.coq"], cwd=tmp_path, check=True)
            planned = subprocess.run(["make", "--dry-run", target], cwd=tmp_path, capture_output=True, text=True, check=False)
            assert planned.returncode == 0, (target, planned.stderr)
            made = re.findall(r"touch (build/\S+)", planned.stdout)
            assert (target == "build") == (made == []), (target, made)
            for stamp in made:
                (tmp_path / stamp).parent.mkdir(exist_ok=True)
                (tmp_path / stamp).touch()


def test_settings_that_the_image_sets_exist() -> None:
    """And those of the folders are the operations manual's."""
    environment = LAST.environment
    assert {name for name in environment if name.startswith("PXL_")} <= fields_by_variable(Settings).keys()
    assert (environment["PXL_LOG_DIR"], environment["PXL_SERVER_HOST"]) == ("/app/logs", "0.0.0.0")
    assert LAST.one("EXPOSE") == str(Settings.of({}).server_port)


def test_the_service_works_without_root_on_a_read_only_root(image: Image, tmp_path: Path) -> None:
    """It proves and refutes, its sessions are confined as outside, it is healthy, and SIGTERM ends it with status 0."""
    with container(image, tmp_path / "log") as up:
        check = image.argv(json.loads(LAST.one("HEALTHCHECK").partition("CMD ")[2]), PXL_SERVER_PORT=str(up.port))
        wait_until_ready(up)
        for goal, verdict in (("BOX(A -> A)", "valid"), ("A -> BOX(A)", "invalid")):
            answer = up.client.post("/prove", json={"goal": goal}).json()
            assert (answer["verdict"], answer["verified"], answer["certificate_stored"]) == (verdict, True, True)
        confinement = up.client.get("/health/proof_server").json()["session_pool"]["confinement"]
        assert {"landlock", "seccomp", "parent_death"} <= confinement.keys()
        assert not any(str(said).startswith("not ") for said in confinement.values()), confinement
        assert "text/html" in up.client.get("/").headers["content-type"]
        healthy = subprocess.run(check, capture_output=True, text=True, timeout=60, check=False)
        assert (healthy.returncode, healthy.stdout) == (0, "")
        owners = {Path(f"/proc/{pid}").stat().st_uid for pid in [up.first, *children(up.first)]}
        assert owners == {10001}
        assert up.end() == 0
    sick = subprocess.run(check, capture_output=True, text=True, timeout=60, check=False)
    assert (sick.returncode, "does not answer" in sick.stdout) == (1, True)
    assert "listening on 127.0.0.1" in (image.logs / "pxl-server.log").read_text()
    assert (image.logs / "access.log").stat().st_uid == 10001


def test_nothing_of_the_application_can_be_changed(image: Image) -> None:
    """Its root is read-only; /tmp and the volumes are all that it can write."""
    said = image.run(
        ["sh", "-c", "for place in / /app /app/src /app/coq /usr/bin /tmp /app/logs /app/var; do touch $place/x 2>&1 && echo $place; done"]
    )
    assert [line for line in said.stdout.splitlines() if line.startswith("/")] == ["/tmp", "/app/logs", "/app/var"]
    assert said.stdout.count("Read-only file system") == 5


def test_a_container_that_is_stopped_while_it_starts_ends_at_once(image: Image, tmp_path: Path) -> None:
    """Process 1 passes SIGTERM on before the service has a handler for it."""
    with container(image, tmp_path / "log") as up:
        assert up.end() == 128 + signal.SIGTERM


def test_the_command_line_works_in_the_image(image: Image) -> None:
    """Coq's compiler is there too: a proof is exported and checked by coqc."""
    said = image.run(["sh", "-c", "pxl export '[]p -> p' > /tmp/proof.v && pxl verify /tmp/proof.v"])
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("accepted")


def test_a_volume_that_cannot_be_written_is_told(image: Image) -> None:
    """The message names the setting and the folder; the status is an error's."""
    for file in image.logs.iterdir():
        file.unlink()
    os.chown(image.logs, 0, 0)
    try:
        said = image.run(image.command, PXL_SERVER_PORT="0")
    finally:
        os.chown(image.logs, 10001, 10001)
    assert said.returncode == 2
    assert "PXL_LOG_DIR='/app/logs'" in said.stderr
