"""The manual's commands, and how they are run."""

import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from e2e.running import Server

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Command:
    """A command of the manual, word for word, and the heading that it stands under."""

    name: str
    section: str
    text: str


@dataclass(frozen=True)
class Ran:
    """What a command printed, and its status."""

    out: str
    err: str
    status: int


@dataclass(frozen=True)
class Place:
    """A server, the folder that its operator stands in, and what is in the operator's environment."""

    server: Server
    folder: Path
    environment: dict[str, str]

    def run(self, text: str, *, timeout_s: float = 60.0, ends: bool = True) -> Ran:
        """Run a command as it stands, but for the port when that of the manual is taken, and for folders of the root.

        A command that does not end by itself is stopped after a second, and its status does not count.
        """
        shown = text.replace("8088", str(self.server.port))
        for folder in ("/app/logs", "/exports"):
            shown = shown.replace(f'"{folder}', f'"{self.folder}{folder.removeprefix("/app")}')
        if shown.startswith("python integration_test_suite.py") and "--url" not in shown and self.server.port != 8088:
            shown += f" --url http://localhost:{self.server.port}"
        program = ["bash", "-c", shown] if ends else ["timeout", "--signal=INT", "1", "bash", "-c", shown]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("HMAC", "PXL", "PYTHON"))}
        path = f"{Path(sys.executable).parent}:{clean['PATH']}"
        environment = {**clean, "PATH": path, "TERM": "xterm", "LC_ALL": "C.UTF-8", **self.environment}
        ran = subprocess.run(program, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False)
        return Ran(ran.stdout, ran.stderr, ran.returncode)

    def watched(self, text: str) -> str:
        """What a command shows on a terminal in a second and a half."""
        ran = self.run(f"timeout --signal=KILL 1.5 script -qec {shell_quoted(text)} /dev/null </dev/null")
        return ran.out


def shell_quoted(text: str) -> str:
    """One word for the shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def read(file: str) -> list[dict[str, str]]:
    """The commands of a file."""
    return list(tomllib.loads((HERE / file).read_text())["command"])


def commands() -> dict[str, Command]:
    """The manual's, by name."""
    return {one["name"]: Command(one["name"], one["section"], one["text"]) for one in read("commands.toml")}
